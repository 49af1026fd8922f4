import { expect } from "chai";
import { RunnerError, UsageError } from "../../../../../runner/errors";
import { isRolledOut, readWorkload } from "../../../../../runner/places/kubernetes/rollout/pods";
import { waitForRollout } from "../../../../../runner/places/kubernetes/rollout/rollout";
import { caught, refuse } from "../api/fake-api";
import { FakeNamespace, names } from "../fake-namespace";
import { crashing, pod, readyPod, waiting } from "../pods";

const owner = `set-${names.worker}`;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("waiting for pods", () => {
  let namespace: FakeNamespace;
  let said: string[];
  let stop: AbortController;

  beforeEach(async () => {
    namespace = await FakeNamespace.start();
    said = [];
    stop = new AbortController();
  });
  afterEach(() => namespace.close());

  const wait = (timeout = 30_000) =>
    waitForRollout({
      ...{ cluster: namespace.cluster, names, timeout },
      progress: (text) => said.push(text),
      signal: stop.signal,
    });
  const starting = () => waiting("ContainerCreating", undefined, { name: "w-2", owner });
  const oneReady = () => namespace.pods.set(names.worker, [readyPod({ name: "w-1", owner }), starting()]);
  /** Until so many looks at the workers' pods were made. */
  const looks = async (count: number) => {
    const before = namespace.calls;
    while (namespace.calls < before + 8 * count) await pause(20);
  };

  it("ends at once, without a word, where all are ready", async () => {
    const { control, worker } = await wait();
    expect([control.pods.length, worker.pods.length]).to.deep.equal([1, 2]);
    expect(said).to.deep.equal([]);
  });

  it("has a line when something changes, and none when nothing does", async () => {
    oneReady();
    const done = wait();
    await looks(2);
    expect(said).to.deep.equal(["the master is ready; 1 of 2 workers are ready: 1 starting"]);
    namespace.pods.set(names.worker, [readyPod({ owner }), readyPod({ owner })]);
    await done;
    expect(said).to.have.length(1);
  });

  it("ends at once, and says why, where waiting cannot help", async () => {
    const broken = waiting("InvalidImageName", "couldn't parse image name", { name: "w-1", owner });
    namespace.pods.set(names.worker, [broken, readyPod({ owner })]);
    const begun = performance.now();
    const error = await caught(wait());
    expect(performance.now() - begun).to.be.below(1000);
    expect(error).to.be.instanceOf(RunnerError).with.property("exitCode", 4);
    expect(error.message).to.match(/^Locust's pods cannot be ready: w-1: [^\n]+$/);
    expect(said[0]).to.match(/^the master is ready; 1 of 2 workers are ready: 1 [^\n]+\n {2}w-1: /);
  });

  it("ends with exit code 2, file, line and error where the script is at fault", async () => {
    const message =
      'Traceback (most recent call last):\n  File "/s/a.py", line 7, in <module>\nValueError: no such shop\n';
    const broken = crashing("Error", 1, { message, restarts: 3 });
    const metadata = { ...broken.metadata, ...readyPod({ name: "w-1", owner }).metadata };
    namespace.pods.set(names.worker, [{ ...broken, metadata }, readyPod({ owner })]);
    const error = await caught(wait());
    expect(error).to.be.instanceOf(UsageError).with.property("exitCode", 2);
    expect(error.message).to.equal(
      "Locust's pods cannot be ready: w-1: crashed: exit code 1: a.py, line 7: ValueError: no such shop",
    );
  });

  it("says after its time is over what is not ready", async () => {
    oneReady();
    const error = await caught(wait(100));
    expect(error).to.be.instanceOf(RunnerError).with.property("exitCode", 4);
    expect(error.message).to.equal(
      "Locust's pods are not ready after 0 s: the master is ready; 1 of 2 workers are ready: 1 starting",
    );
  });

  it("says after its time is over that the API server is away", async () => {
    namespace.away = true;
    expect((await caught(wait(100))).message).to.match(
      /^Locust's pods are not ready after 0 s: cannot read Deployment locust-control: the API server at \S+ cannot be reached: /,
    );
  });

  it("survives an API server that is away for a moment", async () => {
    oneReady();
    const done = wait();
    await looks(1);
    namespace.away = true;
    await pause(1200);
    namespace.pods.set(names.worker, [readyPod({ owner }), readyPod({ owner })]);
    namespace.away = false;
    expect((await done).worker.pods).to.have.length(2);
    expect(said).to.have.length(1);
  });

  it("survives an API server that is busy for a moment, and not one that says no", async () => {
    oneReady();
    const done = wait();
    await looks(1);
    namespace.onCall = (_, response) => {
      refuse(response, 429, "too many requests");
      return true;
    };
    await pause(1200);
    namespace.pods.set(names.worker, [readyPod({ owner }), readyPod({ owner })]);
    namespace.onCall = () => false;
    expect((await done).worker.pods).to.have.length(2);
    namespace.onCall = (_, response) => {
      refuse(response, 403, "no");
      return true;
    };
    expect((await caught(wait())).message).to.equal("cannot read Deployment locust-control: no");
  });

  for (const [what, change] of [
    ["is taken down", () => void namespace.deployments.delete(names.control)],
    ["is being replaced", () => become({ deletionTimestamp: new Date() })],
    ["was replaced", () => become({ uid: "another" })],
  ] as const) {
    it(`ends where the test ${what} meanwhile: the new pods are not those that the run has asked for`, async () => {
      oneReady();
      const done = caught(wait());
      await looks(1);
      change();
      namespace.pods.set(names.worker, [readyPod({ owner }), readyPod({ owner })]);
      const error = await done;
      expect(error).to.be.instanceOf(RunnerError).with.property("exitCode", 4);
      expect(error.message).to.match(/^the test was deployed anew, or taken down, while its pods were getting ready/);
    });
  }
  const become = (metadata: object) => {
    const { worker } = namespace;
    namespace.deployments.set(names.worker, { ...worker, metadata: { ...worker.metadata, ...metadata } });
  };

  it("ends with exit code 130 where it is interrupted, before and meanwhile", async () => {
    oneReady();
    setTimeout(() => stop.abort(), 100);
    for (const _ of [1, 2]) {
      const error = await caught(wait());
      expect(error).to.be.instanceOf(RunnerError).with.property("exitCode", 130);
      expect(error.message).to.equal("interrupted while Locust's pods were getting ready");
    }
  });

  it("ends where the test is deleted", async () => {
    namespace.deployments.clear();
    expect((await caught(wait())).message).to.match(/^there is no load test in namespace load/);
  });

  it("does not wait for pods that have ended and are only listed", async () => {
    const evicted = pod({ name: "w-0", owner, status: { phase: "Failed", reason: "Evicted" } });
    namespace.pods.set(names.worker, [evicted, readyPod({ owner }), readyPod({ owner })]);
    await wait(100);
  });

  describe("is over", () => {
    const settled = async () => isRolledOut(await readWorkload(namespace.cluster, names.worker));

    it("when the controller has seen the change", async () => {
      expect(await settled()).to.equal(true);
      const { worker } = namespace;
      namespace.deployments.set(names.worker, { ...worker, metadata: { ...worker.metadata, generation: 2 } });
      expect(await settled()).to.equal(false);
    });

    it("when no pod of before is left, and those of now are all there and ready", async () => {
      const leaving = readyPod({ owner, deleted: new Date() });
      for (const pods of [
        [],
        [readyPod({ owner })],
        [readyPod({ owner }), readyPod({ owner }), leaving],
        [readyPod({ owner }), leaving],
        [readyPod({ owner }), starting()],
        [readyPod({ owner }), readyPod({ owner }), readyPod({ owner })],
      ]) {
        namespace.pods.set(names.worker, pods);
        expect(await settled(), JSON.stringify(pods)).to.equal(false);
      }
    });

    it("when they run what was wanted", async () => {
      const { worker } = namespace;
      namespace.deployments.set(names.worker, { ...worker, status: { ...worker.status, updatedReplicas: 1 } });
      expect(await settled()).to.equal(false);
    });

    it("without any, where none is wanted", async () => {
      namespace.scaled(names.worker, 0);
      expect(await settled()).to.equal(false);
      namespace.pods.set(names.worker, []);
      expect(await settled()).to.equal(true);
    });
  });
});
