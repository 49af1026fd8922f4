import { expect } from "chai";
import { problemsOf } from "./problems";

const vpcId = "vpc-0123456789abcdef0";
const subnet = (digit: number) => `subnet-0123456789abcdef${digit}`;

/** Wrong settings, the keys that are reported, and a part of what the first of them says is right. */
const wrong: readonly (readonly [string, Record<string, unknown>, readonly string[], string])[] = [
  ["another platform", { platform: "ecs" }, ["platform"], '"eks-fargate" or "existing"'],
  [
    "protection of a cluster that exists",
    { platform: "existing", deletionProtection: true },
    ["deletionProtection"],
    'false unless platform is "eks-fargate"',
  ],
  ["a context on Fargate", { kubeContext: "kind" }, ["kubeContext"], 'left out unless platform is "existing"'],
  ["another layout", { layout: "three-az" }, ["layout"], '"multi-az" or "single-az"'],
  ["a public VPC", { vpcCidr: "8.8.0.0/16" }, ["vpcCidr"], "a private IPv4 range"],
  ["a VPC with host bits", { vpcCidr: "10.0.0.1/16" }, ["vpcCidr"], "starts at its first address"],
  ["a VPC in words", { vpcCidr: "big" }, ["vpcCidr"], "prefix 16 to 28"],
  ["subnets that do not fit", { subnetMask: 18 }, ["subnetMask"], "an integer from 19 to 28"],
  ["subnets as large as the VPC", { vpcCidr: "10.0.0.0/22" }, ["subnetMask"], "an integer from 25 to 28"],
  ["a VPC without room", { vpcCidr: "10.0.0.0/27" }, ["vpcCidr"], "prefix 16 to 25, to have room for 6 subnets"],
  [
    "subnets that do not fit the named zones",
    {
      vpcCidr: "10.0.0.0/20",
      availabilityZoneNames: ["us-east-2a", "us-east-2b", "us-east-2c", "us-east-2d", "us-east-2e"],
    },
    ["subnetMask"],
    "10 subnets, a public and a private one in each of 5",
  ],
  ["another word for NAT errors", { natErrors: "pass" }, ["natErrors"], '"invalid" or "warn"'],
  ["nine addresses of a NAT gateway", { natAddressesPerGateway: 9 }, ["natAddressesPerGateway"], "from 1 to 8"],
  [
    "addresses of NAT gateways in a VPC that exists",
    { vpcId, podSubnetIds: [subnet(0)], controlPlaneSubnetIds: [subnet(0), subnet(1)], natAddressesPerGateway: 2 },
    ["natAddressesPerGateway"],
    "left out in a VPC that exists",
  ],
  ["an image of one's own from ECR", { image: "a/b:1", imageSource: "ecr" }, ["imageSource"], "left out with image"],
  ["a collector that is no URL", { otelEndpoint: "collector:4318" }, ["otelEndpoint"], "such as http://collector"],
  [
    "OpenTelemetry in an image that lacks it",
    { otelEndpoint: "http://collector:4318", imageSource: "ecr" },
    ["otelEndpoint"],
    "put locust[otel] into locust/requirements.txt",
  ],
  ["ECR on another cluster", { platform: "existing", imageSource: "ecr" }, ["imageSource"], '"docker-hub" with'],
  [
    "a target that is not allowed",
    { targetHost: "https://shop.example.org", allowedHosts: ["*.example.com", "example.org"] },
    ["targetHost"],
    "on one of allowedHosts: *.example.com, example.org",
  ],
  ["an address as an allowed host", { allowedHosts: ["https://a.test"] }, ["allowedHosts[0]"], "a host without scheme"],
  ["a host with its port", { allowedHosts: ["a.test:80/x"] }, ["allowedHosts[0]"], "a host without scheme"],
  ["one zone", { availabilityZoneNames: ["us-east-2a"] }, ["availabilityZoneNames"], "a list of 2 to 6"],
  ["a zone twice", { availabilityZoneNames: ["us-east-2a", "us-east-2a"] }, ["availabilityZoneNames[1]"], "there once"],
  [
    "a region as a zone",
    { availabilityZoneNames: ["us-east-2", "us-east-2a"] },
    ["availabilityZoneNames[0]"],
    "us-east-2a",
  ],
  ["a VPC alone", { vpcId }, ["podSubnetIds", "controlPlaneSubnetIds"], "given, as vpcId is"],
  [
    "subnets without their VPC",
    { podSubnetIds: [subnet(0)], controlPlaneSubnetIds: [subnet(0), subnet(1)] },
    ["vpcId"],
    "given, as podSubnetIds and controlPlaneSubnetIds are",
  ],
  [
    "one subnet for the control plane",
    { vpcId, podSubnetIds: [subnet(0)], controlPlaneSubnetIds: [subnet(0)] },
    ["controlPlaneSubnetIds"],
    "2 subnet ids or more",
  ],
  [
    "a wrong id of a subnet, and no other complaint",
    { vpcId, podSubnetIds: ["sn-1"], controlPlaneSubnetIds: [subnet(0), subnet(1)] },
    ["podSubnetIds[0]"],
    "subnet-0123456789abcdef0",
  ],
  ["an old Kubernetes", { kubernetesVersion: "1.30" }, ["kubernetesVersion"], '"1.36" (until 2027-08-02)'],
  ["access for nobody", { publicAccessCidrs: [] }, ["publicAccessCidrs"], "a list of 1 to 40 IPv4 ranges"],
  [
    "access for more ranges than EKS takes",
    { publicAccessCidrs: Array.from({ length: 41 }, (_, index) => `198.51.100.${index}/32`) },
    ["publicAccessCidrs"],
    "a list of 1 to 40 IPv4 ranges",
  ],
  [
    "access for a private range",
    { publicAccessCidrs: ["8.8.8.0/24", "10.1.0.0/16"] },
    ["publicAccessCidrs[1]"],
    "without private or other reserved addresses, which EKS refuses",
  ],
  ["a CoreDNS that is no add-on's", { coreDnsVersion: "1.12.4" }, ["coreDnsVersion"], '"v1.12.4-eksbuild.1"'],
  ["access for an address", { publicAccessCidrs: ["203.0.113.7"] }, ["publicAccessCidrs[0]"], "203.0.113.0/24"],
  [
    "a session as an admin",
    { clusterAdmins: ["arn:aws:sts::123456789012:assumed-role/admin/me"] },
    ["clusterAdmins[0]"],
    "an IAM user or role",
  ],
  ["protection in words", { deletionProtection: "yes" }, ["deletionProtection"], "true or false"],
  ["a number for a boolean", { autostart: 1 }, ["autostart"], "true or false"],
  ["a namespace with capitals", { namespace: "Locust" }, ["namespace"], "63 small letters"],
  ["another delivery", { scriptDelivery: "s3" }, ["scriptDelivery"], '"configmap" or "image"'],
  ["an empty folder", { scriptsFolder: "" }, ["scriptsFolder"], "the path of a folder"],
  ["a script in a folder", { script: "a/b.py" }, ["script"], "without folders that ends in .py"],
  ["a script of another language", { script: "script.js" }, ["script"], "ends in .py"],
  ["a script that reads as an option", { script: "-H.py" }, ["script"], "ends in .py"],
  ["a target with a fragment", { targetHost: "http://example.com/a#b" }, ["targetHost"], "without query"],
  ["a target with a password", { targetHost: "http://a:b@example.com" }, ["targetHost"], "credentials"],
  ["users in words", { users: "many" }, ["users"], "an integer above 0"],
  ["half a user", { users: "1.5" }, ["users"], "an integer above 0"],
  ["nothing for a number", { users: null }, ["users"], "an integer above 0"],
  ["no spawn rate", { spawnRate: "0" }, ["spawnRate"], "a number above 0"],
  ["an endless spawn rate", { spawnRate: Number.POSITIVE_INFINITY }, ["spawnRate"], "a number above 0"],
  ["a run of no time", { runTime: 0 }, ["runTime"], "a time above 0"],
  ["a run of a day", { runTime: "1d" }, ["runTime"], "1h20m"],
  ["one threshold instead of a list", { thresholds: "p95<500" }, ["thresholds"], "a list of thresholds"],
  ["a threshold on nothing known", { thresholds: ["p95<500", "p42<1"] }, ["thresholds[1]"], "p50, p66"],
  ["a number for a threshold", { thresholds: [500] }, ["thresholds[0]"], '"p95<500"'],
  ["a CPU that Fargate has not", { workerCpu: 3 }, ["workerCpu"], "0.25, 0.5, 1, 2, 4, 8, 16"],
  [
    "memory that the CPU has not",
    { workerMemory: 8000, workerCpu: 1 },
    ["workerMemory"],
    "at most 7936 (MiB) with workerCpu 1",
  ],
  ["an image without a registry", { platform: "existing", scriptDelivery: "image" }, ["scriptDelivery"], "no registry"],
  [
    "scripts that are not in the image",
    { scriptDelivery: "image", scriptsFolder: "load" },
    ["scriptsFolder"],
    "locust/scripts",
  ],
  ["a namespace that is not its own", { namespace: "default" }, ["namespace"], "of its own"],
  ["a namespace of Kubernetes", { namespace: "kube-system" }, ["namespace"], "of its own"],
  ["memory for a small control", { controlMemory: 2048 }, ["controlMemory"], "at most 1792 (MiB) with controlCpu 0.25"],
  ["a list for an object", { environment: ["A=1"] }, ["environment"], "an object of environment variables"],
  ["a variable with a dash", { environment: { "A-B": "1" } }, ["environment.A-B"], "letters, digits and _"],
  [
    "a variable of Locust",
    { environment: { LOCUST_HOST: "x" } },
    ["environment.LOCUST_HOST"],
    "no variable of Locust's own",
  ],
  [
    "a variable of ours",
    { secretEnvironment: { LOADTEST_TOKEN: "x" } },
    ["secretEnvironment.LOADTEST_TOKEN"],
    "LOADTEST_",
  ],
  [
    "an argument that is Locust's",
    { scriptArguments: { run_time: "1m", users: 1, f: "x" } },
    ["scriptArguments.run_time", "scriptArguments.users", "scriptArguments.f"],
    "no option of Locust's own",
  ],
  ["an argument with dashes", { scriptArguments: { "--tenant": "a" } }, ["scriptArguments.--tenant"], "without"],
  ["an object in an argument", { scriptArguments: { a: { b: 1 } } }, ["scriptArguments.a"], "or a list of them"],
  ["an object in a variable", { environment: { A: { B: 1 } } }, ["environment.A"], "a text, a number, true or false"],
  [
    "a variable in both",
    { environment: { A: "1" }, secretEnvironment: { A: "2" } },
    ["secretEnvironment.A"],
    "not given in both",
  ],
  ["days that CloudWatch has not", { logRetentionDays: "31" }, ["logRetentionDays"], "14, 30, 60"],
  ["no mail address", { observability: true, alarmEmails: ["me"] }, ["alarmEmails[0]"], "me@example.com"],
  [
    "a webhook without TLS, and one with a password",
    { observability: true, alarmWebhooks: ["http://a.test/", "https://me:secret@a.test/"] },
    ["alarmWebhooks[0]", "alarmWebhooks[1]"],
    "an https URL without credentials",
  ],
  [
    "alarms of what CloudWatch does not see",
    { alarmEmails: ["me@example.com"], alarmWebhooks: ["https://a.test"], alarmSlack: "T1/C1" },
    ["alarmEmails", "alarmWebhooks", "alarmSlack"],
    "left out unless observability is true",
  ],
  [
    "CloudWatch for a cluster that exists, and no complaint about its alarms",
    { platform: "existing", observability: true, alarmEmails: ["me@example.com"] },
    ["observability"],
    'false unless platform is "eks-fargate"',
  ],
];

describe("wrong settings", () => {
  for (const [what, raw, keys, allowed] of wrong) {
    it(`refuses ${what}`, () => {
      const problems = problemsOf(raw);
      expect(problems.map(({ key }) => key)).to.deep.equal(keys);
      expect(problems[0]?.allowed).to.include(allowed);
    });
  }
});
