import { expect } from "chai";
import { crashing, event, unscheduled, waiting } from "../pods";
import { only, withEvents } from "./only-problem";

// The messages are those of Kubernetes 1.34 with containerd 1.6, except Fargate's.
describe("why a pod is not ready", () => {
  describe("no node takes it", () => {
    const after =
      "no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.";
    const says = (message: string) => only(unscheduled(message));

    it("as there is no room: what is short, on how many nodes, and what it asks for", () => {
      expect(says(`0/1 nodes are available: 1 Insufficient cpu. ${after}`)).to.deep.equal([
        ...["scheduling", "no room: too little cpu (1 of 1 nodes); it asks for cpu 8", false],
      ]);
      expect(says(`0/12 nodes are available: 4 Insufficient cpu, 12 Insufficient memory. ${after}`)[1]).to.equal(
        "no room: too little cpu (4 of 12 nodes), too little memory (12 of 12 nodes); it asks for cpu 8, memory 160Gi",
      );
    });

    it("as it may not run there", () => {
      expect(
        says(`0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. ${after}`)[1],
      ).to.equal("no node takes it: didn't match Pod's node affinity/selector (1 of 1 nodes)");
      const taints = "1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }, 2 Insufficient cpu";
      expect(says(`0/3 nodes are available: ${taints}. ${after}`)[1]).to.equal(
        "no node takes it: had untolerated taint {node.kubernetes.io/not-ready: } (1 of 3 nodes), " +
          "too little cpu (2 of 3 nodes); it asks for cpu 8",
      );
    });

    it("as no Fargate profile selects it", () => {
      const taint = "2 node(s) had untolerated taint {eks.amazonaws.com/compute-type: fargate}";
      expect(says(`0/2 nodes are available: ${taint}. preemption: 0/2 nodes are available: …`)[1]).to.equal(
        "no Fargate profile selects it, and there are no other nodes",
      );
      expect(says("no nodes available to schedule pods")[1]).to.equal(
        "the cluster has no nodes; on Fargate, no profile selects it",
      );
    });

    it("in words that are not known", () => {
      expect(says("the stars are wrong.")).to.deep.equal([
        "scheduling",
        "no node takes it: the stars are wrong",
        false,
      ]);
      expect(only(unscheduled(undefined))).to.deep.equal(["starting", "waits for a node", false]);
    });

    it("for Fargate's reasons, in the condition or in an event", () => {
      const spec = { schedulerName: "fargate-scheduler" };
      const fargate = (message: string) => {
        const inEvent = unscheduled(undefined, { spec });
        const said = only(unscheduled(message, { spec }));
        expect(withEvents(inEvent, event(inEvent, "FailedScheduling", message))).to.deep.equal(said);
        return said;
      };
      expect(only(unscheduled(undefined, { spec }))).to.deep.equal([
        ...["starting", "waits for Fargate, which takes about a minute", false],
      ]);
      expect(fargate("Pod not supported on Fargate: fields not supported: HostNetwork")).to.deep.equal([
        ...["scheduling", "Fargate cannot run it: fields not supported: HostNetwork", true],
      ]);
      expect(
        fargate("[POD_UNSUPPORTED_ON_FARGATE] Pod not supported on Fargate: volumes not supported: PVC a not bound"),
      ).to.deep.equal(["scheduling", "Fargate cannot run it: volumes not supported: PVC a not bound", false]);
      expect(
        fargate("Your AWS account has reached the limit on the number of Fargate vCPUs it can run concurrently"),
      ).to.deep.equal([
        "quota",
        "the AWS account may run no more Fargate vCPUs at once; " +
          'the quota "Fargate On-Demand vCPU resource count" can be raised in Service Quotas',
        false,
      ]);
      expect(
        fargate("Misconfigured Fargate Profile: fargate profile a blocked for new launches due to: no role"),
      ).to.deep.equal([
        ...[
          "scheduling",
          "its Fargate profile is wrong: fargate profile a blocked for new launches due to: no role",
          true,
        ],
      ]);
      expect(fargate("Your AWS account is currently blocked and thus cannot launch any Fargate pods")).to.deep.equal([
        ...["quota", "the AWS account is blocked from Fargate: AWS Support can tell why", true],
      ]);
      expect(
        fargate(
          "Fargate capacity is unavailable at this time. Please try again later or in a different availability zone",
        ),
      ).to.deep.equal(["scheduling", "Fargate has no capacity for a pod of this size here at this time", false]);
      expect(fargate("Pod provisioning timed out (will retry) for pod: load/a")).to.deep.equal([
        ...["scheduling", "Fargate did not bring it up in time, and tries again", false],
      ]);
    });
  });

  describe("its image is not there", () => {
    const pull = (cause: string, image = "docker.io/nope/nope:1") => {
      const failed = `failed to pull and unpack image "${image}": failed to resolve reference "${image}": ${cause}`;
      const said = only(waiting("ErrImagePull", failed, { image }));
      const backOff = `Back-off pulling image "${image}"`;
      expect(only(waiting("ImagePullBackOff", `${backOff}: ErrImagePull: ${failed}`, { image }))).to.deep.equal(said);
      // Kubernetes before 1.31.
      const older = waiting("ImagePullBackOff", backOff, { image });
      expect(withEvents(older, event(older, "Failed", `Failed to pull image "${image}": ${failed}`))).to.deep.equal(
        said,
      );
      return [said[1].replace(`image ${image} cannot be pulled: `, ""), said[2]];
    };

    it("for what the registry says", () => {
      expect(pull("127.0.0.1:5999/nope:1: not found", "127.0.0.1:5999/nope:1")).to.deep.equal([
        ...["the registry does not have it", true],
      ]);
      expect(
        pull("pulling from host 127.0.0.1:5998 failed with status code [manifests 1]: 401 Unauthorized"),
      ).to.deep.equal(["the registry denies access, or does not have it", true]);
      expect(pull("no match for platform in manifest: not found")).to.deep.equal([
        ...["there is none for the node's kind of processor", true],
      ]);
    });

    it("as the registry is not there", () => {
      const request = 'failed to do request: Head "https://registry.example.com/v2/nope/nope/manifests/1"';
      expect(pull(`${request}: dial tcp: lookup registry.example.com on 10.0.0.2:53: no such host`)).to.deep.equal([
        ...["the registry's name is not known", false],
      ]);
      expect(pull(`${request}: dial tcp 192.0.2.1:443: i/o timeout`)).to.deep.equal([
        ...["the registry cannot be reached", false],
      ]);
    });

    it("in words that are not known", () => {
      expect(pull("the moon is full")).to.deep.equal(["the moon is full", false]);
      expect(only(waiting("ImagePullBackOff"))[1]).to.equal("image docker.io/locustio/locust:2.47.0 cannot be pulled");
    });

    it("as it never will be", () => {
      const invalid = 'Failed to apply default image tag "UPPER case": couldn\'t parse image name "UPPER case"';
      expect(only(waiting("InvalidImageName", invalid, { image: "UPPER case" }))).to.deep.equal([
        ...["image", 'image "UPPER case" is not a valid reference', true],
      ]);
      const never = 'Container image "a:1" is not present with pull policy of Never';
      expect(only(waiting("ErrImageNeverPull", never, { image: "a:1" }))).to.deep.equal([
        ...["image", "image a:1 is not on the node, and its imagePullPolicy is Never", true],
      ]);
    });
  });

  describe("it cannot be started", () => {
    it("as something is missing that it refers to", () => {
      expect(only(waiting("CreateContainerConfigError", 'secret "no-such" not found'))).to.deep.equal([
        ...["config", 'cannot be started: secret "no-such" not found', true],
      ]);
      expect(only(waiting("CreateContainerConfigError", "failed to sync secret cache: timed out"))[2]).to.equal(false);
    });

    it("as its command does not exist", () => {
      const message =
        "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: " +
        'unable to start container process: exec: "nope": executable file not found in $PATH: unknown';
      const said = ["config", 'cannot be started: exec: "nope": executable file not found in $PATH', true];
      expect(only(crashing("StartError", 128, { message }))).to.deep.equal(said);
      expect(only(waiting("RunContainerError", message))).to.deep.equal(said);
    });

    it("as a volume is not there, until it is", () => {
      const about = waiting("ContainerCreating");
      const failed = event(
        about,
        "FailedMount",
        'MountVolume.SetUp failed for volume "scripts" : configmap "no-such" not found',
        5,
      );
      expect(withEvents(about, failed)).to.deep.equal([
        ...["volume", 'MountVolume.SetUp failed for volume "scripts" : configmap "no-such" not found', true],
      ]);
      const pulling = event(about, "Pulling", 'Pulling image "a"', 9);
      expect(withEvents(about, pulling, failed)).to.deep.equal(["starting", "its image is being pulled", false]);
    });

    it("as there is no network for it, in the same words for all pods", () => {
      const about = [waiting("ContainerCreating"), waiting("ContainerCreating")];
      const id = (digit: string) => digit.repeat(64);
      const events = about.map((each, index) =>
        event(
          each,
          "FailedCreatePodSandBox",
          `Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox ` +
            `"${id(String(index))}": plugin type="aws-cni" failed (add): add cmd: failed to assign an IP address to container`,
        ),
      );
      expect(only(about, { events })).to.deep.equal([
        "network",
        "2 pods: no sandbox for it: failed to setup network for sandbox …: " +
          'plugin type="aws-cni" failed (add): add cmd: failed to assign an IP address to container',
        false,
      ]);
    });
  });
});
