import { expect } from "chai";
import { KubernetesPlace } from "../../../../runner/places/kubernetes/kubernetes";
import { MasterLink } from "../../../../runner/places/kubernetes/master";
import { ScriptedLocust } from "../../engine/scripted";
import { caught } from "./api/fake-api";
import { FakeNamespace, names } from "./fake-namespace";
import { pod, readyPod, waiting } from "./pods";

const owner = `set-${names.worker}`;

describe("pods of a cluster as the place of a run", () => {
  let namespace: FakeNamespace;
  let locust: ScriptedLocust;
  let link: MasterLink;
  let said: string[];
  let interrupt: AbortController;
  let kill: AbortController;
  let lost: AbortController;

  beforeEach(async () => {
    [namespace, locust, said] = [await FakeNamespace.start(), new ScriptedLocust(), []];
    [interrupt, kill, lost] = [new AbortController(), new AbortController(), new AbortController()];
    await locust.start();
    namespace.forwardTo(locust.port);
    const { cluster, deployed } = namespace;
    link = await MasterLink.open({ cluster, deployed, control: names.control, webPort: 8089 });
  });
  afterEach(async () => {
    await link.close();
    await Promise.all([namespace.close(), locust.close()]);
  });

  const place = (wanted = { workers: 3, script: "b.py" }, timeout = 3000) =>
    new KubernetesPlace({
      ...{ cluster: namespace.cluster, names, link, timeout },
      wanted: { ...wanted, scriptArguments: {} },
      before: { workers: 2, script: "a.py" },
      lost: lost.signal,
    });
  const open = (one: KubernetesPlace) =>
    one.open({ progress: (text) => said.push(text), signal: interrupt.signal, kill: kill.signal });
  /** As the controller would. */
  const setWorkers = (count: number) =>
    namespace.pods.set(
      names.worker,
      Array.from({ length: count }, () => readyPod({ owner })),
    );
  const now = () => ({ workers: namespace.worker.spec?.replicas, script: namespace.deployed.script });

  it("is as the run wants it until it is closed, and as before then", async () => {
    setWorkers(3);
    const one = place();
    const session = await open(one);
    expect(session.workers).to.equal(3);
    expect(session.endpoint).to.deep.equal(link.endpoint);
    expect(now()).to.deep.equal({ workers: 3, script: "b.py" });
    expect(one.asBefore, "while it is otherwise").to.equal(false);
    await Promise.all([session.close(), session.close()]);
    expect(now()).to.deep.equal({ workers: 2, script: "a.py" });
    expect(one.asBefore).to.equal(true);
    expect(said.filter((line) => line.startsWith("As before"))).to.deep.equal([
      "As before: workers: 3 → 2, script: a.py",
    ]);
  });

  it("gets more workers while a run goes on, which others can know of before, and has its own number after", async () => {
    setWorkers(2);
    const noted: (readonly [number, number | undefined])[] = [];
    const one = new KubernetesPlace({
      ...{ cluster: namespace.cluster, names, link, timeout: 3000, lost: lost.signal },
      wanted: { workers: 2, script: "a.py", scriptArguments: {} },
      before: { workers: 2, script: "a.py" },
      beforeScale: async (workers) => void noted.push([workers, now().workers]),
      workerCost: (more) => `$${more} an hour more`,
    });
    const { scale, close } = await open(one);
    expect(scale?.cost?.(3)).to.equal("$3 an hour more");
    setWorkers(5);
    await scale?.to(5);
    expect(noted).to.deep.equal([[5, 2]]);
    expect(now().workers).to.equal(5);
    await close();
    expect(now().workers).to.equal(2);
  });

  it("is left alone, and its lock too, where somebody else has it meanwhile", async () => {
    setWorkers(3);
    const one = place();
    const session = await open(one);
    lost.abort(new Error("kim@laptop has the lock"));
    expect(await session.close()).to.deep.equal(["kim@laptop has the lock"]);
    expect(now()).to.deep.equal({ workers: 3, script: "b.py" });
    expect(one.asBefore).to.equal(false);
  });

  it("counts the workers that are there, and not those that have ended", async () => {
    setWorkers(2);
    namespace.pods.get(names.worker)?.unshift(pod({ owner, status: { phase: "Failed", reason: "Evicted" } }));
    const session = await open(place({ workers: 2, script: "a.py" }));
    expect(session.workers).to.equal(2);
    await session.close();
    expect(namespace.changes).to.deep.equal([]);
  });

  it("is as before where its pods cannot be ready", async () => {
    namespace.pods.set(names.worker, [waiting("InvalidImageName", "no such name", { owner })]);
    const one = place();
    let seen: unknown;
    const onFailure = async () => {
      seen = now();
    };
    const opening = one.open({ progress: () => undefined, signal: interrupt.signal, kill: kill.signal, onFailure });
    expect((await caught(opening)).message).to.match(/^Locust's pods cannot be ready: /);
    expect(seen, "while their logs can be kept").to.deep.equal({ workers: 3, script: "b.py" });
    expect(now()).to.deep.equal({ workers: 2, script: "a.py" });
    expect(one.asBefore).to.equal(true);
  });

  it("is as before where it is interrupted meanwhile", async () => {
    setTimeout(() => interrupt.abort(), 300);
    expect(await caught(open(place()))).to.have.property("exitCode", 130);
    expect(now()).to.deep.equal({ workers: 2, script: "a.py" });
  });

  it("is as before where the master does not know us", async () => {
    setWorkers(3);
    await locust.close();
    setTimeout(() => interrupt.abort(), 500);
    expect(await caught(open(place()))).to.have.property("exitCode", 130);
    expect(now()).to.deep.equal({ workers: 2, script: "a.py" });
    await locust.start();
  });

  it("says that it is not as before where that cannot be done, and that the lock must stay", async () => {
    setWorkers(3);
    const one = place();
    const session = await open(one);
    namespace.onCall = ({ method }, response) => {
      if (method !== "PATCH") return false;
      response.writeHead(403, { "content-type": "application/json" }).end('{"message":"no"}');
      return true;
    };
    expect(await session.close()).to.deep.equal([
      "the test is not as it was before: loadtest scale 2; the next loadtest run goes back to a.py",
    ]);
    expect(one.asBefore).to.equal(false);
  });
});
