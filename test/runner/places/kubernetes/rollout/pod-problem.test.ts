import { expect } from "chai";
import fc from "fast-check";
import { podProblems } from "../../../../../runner/places/kubernetes/rollout/problems";
import { crashing, event, now, pod, readyPod, rollout, unscheduled, waiting } from "../pods";
import { only, withEvents } from "./only-problem";

// The messages are those of Kubernetes 1.34 with containerd 1.6, except Fargate's.
describe("why a pod is not ready", () => {
  describe("it ends", () => {
    it("with an exit code or a signal; without hope after three more tries", () => {
      expect(only(crashing("Error", 3))).to.deep.equal(["crash", "crashed: exit code 3", false]);
      expect(only(crashing("Error", 3, { restarts: 3 }))).to.deep.equal(["crash", "crashed: exit code 3", true]);
      expect(only(crashing("Error", 139))[1]).to.equal("crashed: killed by signal 11");
      expect(only(crashing("Completed", 0))[1]).to.equal("ended by itself: exit code 0");
    });

    it("with its last words, as its log's end has them", () => {
      const raised = [
        '  File "/opt/venv/lib/python3.13/site-packages/locust/util/load_locustfile.py", line 70, in load_locustfile',
        '  File "/loadtest/scripts/shop.py", line 3, in <module>',
        '    raise ValueError("no such shop")',
        "ValueError: no such shop",
        "",
      ].join("\n");
      const words = (message: string, restarts = 1) => only(crashing("Error", 1, { message, restarts }));
      const told = ["script", "crashed: exit code 1: shop.py, line 3: ValueError: no such shop", true];
      expect(words(`Traceback (most recent call last):\n${raised}`)).to.deep.equal(told);
      expect(words(raised, 0)[2], "the first time").to.equal(false);
      expect(words(raised), "cut off by Kubernetes' limit").to.deep.equal(told);
      const log = "[2026-11-28 16:00:00,000] locust-worker-x2x/ERROR/locust.runners: cannot connect\n";
      expect(words(`${raised}${log}`), "a task's, on the way").to.deep.equal([
        ...["crash", "crashed: exit code 1: cannot connect", false],
      ]);
      expect(words('Traceback (most recent call last):\n  File "<string>", line 1\nMemoryError\n')).to.deep.equal([
        ...["crash", "crashed: exit code 1: MemoryError", false],
      ]);
      expect(words("No User class found!\n")[0]).to.equal("script");
    });

    it("for its memory, with the limit that killed it", () => {
      expect(only(crashing("OOMKilled", 137))).to.deep.equal(["memory", "killed for its memory: limit 32Mi", false]);
    });

    it("the same just after it ended, before it waits", () => {
      expect(only(pod({ container: { state: { terminated: { exitCode: 1, reason: "Error" } } } }))[1]).to.equal(
        "crashed: exit code 1",
      );
    });

    it("the same while it is started again", () => {
      const lastState = { terminated: { exitCode: 1, reason: "Error" } };
      const again = { state: { running: {} }, started: false, lastState, restartCount: 1 };
      expect(only(pod({ container: again }))[1]).to.equal("crashed: exit code 1");
      expect(only(pod({ container: { ...again, started: true } }))[0]).to.equal("starting");
    });

    it("as a probe kept failing", () => {
      const about = crashing("Error", 137);
      const killing = event(about, "Killing", "Container locust failed startup probe, will be restarted");
      expect(withEvents(about, killing)).to.deep.equal(["probe", "killed as its startup probe kept failing", false]);
    });

    it("as its node is short of something", () => {
      const message = "Pod ephemeral local storage usage exceeds the total limit of containers 1Mi. ";
      const evicted = pod({ status: { phase: "Failed", reason: "Evicted", message } });
      const [first, second] = podProblems(rollout([evicted, waiting("ContainerCreating")], { wanted: 1 }));
      expect([first?.kind, second?.kind]).to.have.members(["evicted", "starting"]);
      expect([first, second].find((found) => found?.kind === "evicted")?.text).to.match(
        /^locust-worker-\d+: ended by its node node-1: Evicted: .* limit of containers 1Mi$/,
      );
    });

    it("as it is to end, or should have ended on a node that is lost", () => {
      const ending = (seconds: number) => {
        const metadata = { deletionTimestamp: new Date(now + seconds * 1000) };
        const pods = [readyPod({ deleted: metadata.deletionTimestamp, name: "w-1" })];
        return podProblems(rollout(pods)).find(({ pods }) => pods.length > 0);
      };
      expect(ending(10)).to.include({ kind: "terminating", text: "w-1: is ending", hopeless: false });
      expect(ending(-70)).to.include({
        kind: "node",
        text: "w-1: should have ended, but its node node-1 does not report",
      });
    });
  });

  describe("it runs", () => {
    const running = { state: { running: {} }, started: false };
    const labelled = (role: string) => pod({ container: running, labels: { "app.kubernetes.io/component": role } });

    it("and has not come far enough", () => {
      expect(only(labelled("worker"))).to.deep.equal([
        ...["starting", "runs, and has not connected to the master yet, or runs the script's init listeners", false],
      ]);
      expect(only(labelled("control"))[1]).to.equal("runs, and does not answer yet");
      expect(only(labelled("other"))[1]).to.equal("runs, and its startup probe has not passed yet");
      expect(only(pod({ container: { ...running, started: true } }))[1]).to.equal(
        "runs, and its readiness probe has not passed yet",
      );
    });

    it("and does not answer, in the same words for all pods", () => {
      const about = [1, 2].map(() => pod({ container: { ...running, started: true } }));
      const events = about.map((each, index) => {
        const address = `198.18.1.${index}:8089`;
        const refused = `Get "http://${address}/": dial tcp ${address}: connect: connection refused`;
        return event(each, "Unhealthy", `Readiness probe failed: ${refused}`);
      });
      expect(only(about, { events })).to.deep.equal([
        ...["probe", "2 pods: runs, and its readiness probe fails: connection refused", false],
      ]);
    });

    it("and its node does not report", () => {
      const lost = pod({ container: { ready: true, started: true, state: { running: {} } } });
      expect(only(lost)).to.deep.equal(["node", "its node node-1 does not report", false]);
      expect(only(pod({ status: { phase: "Unknown" } }))).to.deep.equal([
        "node",
        "its node node-1 does not report",
        false,
      ]);
    });
  });

  it("has a line for whatever the cluster says", () => {
    const text = fc.oneof(fc.string(), fc.lorem(), fc.constantFrom("\n", "a: b: ", "0/1 nodes are available: "));
    fc.assert(
      fc.property(text, text, fc.nat(300), (reason, message, code) => {
        const pods = [unscheduled(message), waiting(reason, message), crashing(reason, code, { message })];
        pods.push(pod({ status: { phase: "Failed", reason, message } }));
        for (const { text } of podProblems(rollout(pods))) expect(text).to.match(/^.{5,400}$/);
      }),
    );
  });
});
