import type { V1Deployment } from "@kubernetes/client-node";
import { expect } from "chai";
import fc from "fast-check";
import { RunnerError } from "../../../../../runner/errors";
import { arrange, restore, scale } from "../../../../../runner/places/kubernetes/deployed/arrange";
import { testAnnotation } from "../../../../../settings/deployed/deployed-test";
import { caught, refuse } from "../api/fake-api";
import { FakeNamespace, names } from "../fake-namespace";

describe("the arrangement of a test for a run", () => {
  let namespace: FakeNamespace;
  const before = { workers: 2, script: "a.py" };
  const now = () => ({ workers: namespace.worker.spec?.replicas, script: namespace.deployed.script });
  const wants = (workers: number, script: string) => ({
    ...{ cluster: namespace.cluster, names },
    wanted: { workers, script, scriptArguments: {} },
  });

  beforeEach(async () => {
    namespace = await FakeNamespace.start();
  });
  afterEach(() => namespace.close());

  it("is made with a line for each change, and undone in one", async () => {
    const spec = structuredClone(namespace.worker.spec);
    expect(await arrange(wants(5, "b.py"))).to.deep.equal(["Script b.py: the pods start anew", "Workers: 2 → 5"]);
    expect(now()).to.deep.equal({ workers: 5, script: "b.py" });
    expect(namespace.deployed).to.include({ workerScript: "b.py" }).and.have.nested.property("before.script", "a.py");
    expect(await restore({ ...wants(5, "b.py"), before, patience: 1000 })).to.deep.equal({
      done: "As before: workers: 5 → 2, script: a.py",
    });
    expect(namespace.worker.spec).to.deep.equal(spec);
    expect(namespace.deployed.before).to.equal(undefined);
  });

  it("is made for another client of HttpUser alone, too", async () => {
    const spec = structuredClone(namespace.control.spec);
    const { wanted, ...place } = wants(2, "a.py");
    const fast = { ...place, wanted: { ...wanted, httpClient: "fast" as const } };
    expect(await arrange(fast)).to.deep.equal(["Script a.py with httpClient fast: the pods start anew"]);
    expect(namespace.deployed.httpClient).to.equal("fast");
    expect(await restore({ ...fast, before, patience: 1000 })).to.deep.equal({ done: "As before: script: a.py" });
    expect(namespace.control.spec).to.deep.equal(spec);
  });

  it("needs no change where all is so already", async () => {
    expect(await arrange(wants(2, "a.py"))).to.deep.equal([]);
    expect(await restore({ ...wants(2, "a.py"), before, patience: 1000 })).to.deep.equal({});
    expect(namespace.changes).to.deep.equal([]);
  });

  it("is undone whatever it was, for any numbers of workers and any scripts", async () => {
    const workers = fc.nat({ max: 5 });
    const script = fc.constantFrom("a.py", "b.py", "c.py");
    await fc.assert(
      fc.asyncProperty(workers, workers, script, async (there, wanted, other) => {
        namespace.deploy("a.py", there);
        const was = now();
        await arrange(wants(wanted, other));
        expect(now()).to.deep.equal({ workers: wanted, script: other });
        await restore({ ...wants(wanted, other), before: { workers: there, script: "a.py" }, patience: 1000 });
        expect(now()).to.deep.equal(was);
      }),
      { numRuns: 30 },
    );
  });

  it("leaves alone what somebody else has changed meanwhile", async () => {
    await arrange(wants(5, "b.py"));
    namespace.scaled(names.worker, 7);
    expect(await restore({ ...wants(5, "b.py"), before, patience: 1000 })).to.deep.equal({
      done: "As before: script: a.py",
      left: "workers: 7, which somebody has set during the run; before it there were 2",
    });
    expect(now()).to.deep.equal({ workers: 7, script: "a.py" });

    await arrange(wants(5, "b.py"));
    namespace.deploy("new.py", 5);
    expect(await restore({ ...wants(5, "b.py"), before, patience: 1000 })).to.deep.equal({
      done: "As before: workers: 5 → 2",
    });
    expect(now()).to.deep.equal({ workers: 2, script: "new.py" });
  });

  it("leaves a script alone that a later command has chosen", async () => {
    await arrange(wants(5, "b.py"));
    await arrange(wants(5, "c.py"));
    expect(await restore({ ...wants(5, "b.py"), before, patience: 1000 })).to.deep.equal({
      done: "As before: workers: 5 → 2",
    });
    expect(now()).to.deep.equal({ workers: 2, script: "c.py" });
    expect(namespace.deployed.before?.script).to.equal("a.py");
  });

  it("has no line on a script where what was deployed before cannot be read", async () => {
    namespace.deploy("b.py", 2);
    for (const [name, made] of namespace.deployments) {
      namespace.deployments.set(name, { ...made, metadata: { ...made.metadata, annotations: damaged(made) } });
    }
    const { annotations } = namespace.worker.metadata ?? {};
    expect(await restore({ ...wants(2, "b.py"), before, patience: 1000 })).to.deep.equal({});
    expect(namespace.worker.metadata?.annotations).to.deep.equal(annotations);
    expect(now()).to.deep.equal({ workers: 2, script: "b.py" });
  });

  it("tells all that it has changed, whichever attempt has done it", async () => {
    await arrange(wants(5, "b.py"));
    let patches = 0;
    namespace.onCall = ({ method, socket }) => {
      // The third is that of the workers' script.
      const cut = method === "PATCH" && ++patches === 3;
      if (cut) socket.destroy();
      return cut;
    };
    expect(await restore({ ...wants(5, "b.py"), before, patience: 5000 })).to.deep.equal({
      done: "As before: workers: 5 → 2, script: a.py",
    });
    expect(patches).to.equal(4);
    expect(now()).to.deep.equal({ workers: 2, script: "a.py" });
  });

  it("is made whole, and undone, where only one Deployment was changed", async () => {
    await arrange(wants(2, "b.py"));
    const { control } = namespace;
    namespace.deploy("a.py", 2);
    namespace.deployments.set(names.control, control);
    expect(namespace.deployed).to.include({ script: "b.py", workerScript: "a.py" });
    await arrange(wants(2, "b.py"));
    expect(namespace.deployed).to.include({ script: "b.py", workerScript: "b.py" });
    namespace.deploy("a.py", 2);
    namespace.deployments.set(names.control, control);
    await restore({ ...wants(2, "b.py"), before, patience: 1000 });
    expect(namespace.deployed).to.include({ script: "a.py", workerScript: "a.py" });
  });

  it("is undone once the API server is back", async () => {
    await arrange(wants(5, "b.py"));
    namespace.away = true;
    const calls = namespace.calls;
    const done = restore({ ...wants(5, "b.py"), before, patience: 5000 });
    while (namespace.calls < calls + 2) await new Promise((resolve) => setTimeout(resolve, 20));
    namespace.away = false;
    expect(await done).to.deep.equal({ done: "As before: workers: 5 → 2, script: a.py" });
    expect(now()).to.deep.equal({ workers: 2, script: "a.py" });
  });

  it("says what is left to do where it stays away", async () => {
    await arrange(wants(5, "b.py"));
    namespace.away = true;
    const error = await caught(restore({ ...wants(5, "b.py"), before, patience: 300 }));
    expect(error).to.be.instanceOf(RunnerError).with.property("exitCode", 4);
    expect(error.message).to.equal(
      "the test is not as it was before: loadtest scale 2; the next loadtest run goes back to a.py",
    );
    expect(error.cause)
      .to.have.property("message")
      .that.matches(/cannot be reached/);
  });

  it("says what is refused", async () => {
    namespace.onCall = ({ method }, response) => {
      if (method !== "PATCH") return false;
      refuse(
        response,
        403,
        'deployments.apps "locust-worker" is forbidden: User "ci" cannot patch resource "deployments/scale" in API ' +
          'group "apps" in the namespace "load"',
      );
      return true;
    };
    const error = await caught(scale(namespace.cluster, names.worker, 3));
    expect(error.message).to.equal(
      "cannot scale Deployment locust-worker: context test is not allowed to patch deployments/scale in namespace " +
        "load (its user is ci)",
    );
    namespace.onCall = () => false;
    namespace.deployments.delete(names.worker);
    expect((await caught(arrange(wants(3, "a.py")))).message).to.equal(
      "there is no load test in namespace load: it has no Deployment locust-worker",
    );
  });
});

/** The same annotations, with something that nobody can read about what was deployed before. */
function damaged({ metadata }: V1Deployment): Record<string, string> {
  const test = JSON.parse(metadata?.annotations?.[testAnnotation] ?? "");
  return { ...metadata?.annotations, [testAnnotation]: JSON.stringify({ ...test, before: { script: 5 } }) };
}
