import type { V1ContainerStatus, V1Pod, V1PodStatus } from "@kubernetes/client-node";
import { expect } from "chai";
import { podEnd } from "../../../../../runner/places/kubernetes/rollout/pods";

const pod = (container: Partial<V1ContainerStatus>, status: V1PodStatus = {}): V1Pod => ({
  metadata: { name: "locust-worker-1" },
  spec: { containers: [{ name: "locust", resources: { limits: { memory: "512Mi" } } }] },
  status: {
    ...status,
    containerStatuses: [
      { name: "locust", image: "", imageID: "", ready: false, restartCount: 0, ...container } as V1ContainerStatus,
    ],
  },
});
const ended = (exitCode: number, reason = "Error", message = "") => ({ terminated: { exitCode, reason, message } });

describe("what ended a lost worker", () => {
  it("is told by its pod", () => {
    const raised = `Traceback (most recent call last):\n  File "/s/shop.py", line 12, in visit\nSystemExit: 3\n`;
    const again = pod({ restartCount: 2, state: { running: {} }, lastState: ended(137, "OOMKilled") });
    for (const [one, restarts, says] of [
      [undefined, 0, "its pod is gone"],
      [{ metadata: { deletionTimestamp: new Date() } }, 0, "its pod was deleted"],
      [pod({ state: ended(137, "OOMKilled") }), 0, "killed for its memory: limit 512Mi"],
      [pod({ state: ended(3, "Error", raised) }), 0, "exit code 3: shop.py, line 12: sys.exit(3) in the script"],
      [pod({ state: ended(139) }), 0, "SIGSEGV"],
      [
        pod({}, { phase: "Failed", reason: "Evicted", message: "low on memory" }),
        0,
        "its pod was ended by its node: low on memory",
      ],
      [again, 1, "killed for its memory: limit 512Mi"],
      [again, 2, "its pod runs, and does not answer"],
    ] as const) {
      expect(podEnd(one as V1Pod | undefined, restarts)).to.equal(says);
    }
  });
});
