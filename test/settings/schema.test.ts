import { expect } from "chai";
import { parseSettings } from "../../settings/parse";
import { describeSetting, type Settings, type SettingsKey, settingsKeys } from "../../settings/schema";
import { problemsOf } from "./problems";

const subnets = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"];
const existingVpc = { vpcId: "vpc-0123456789abcdef0", podSubnetIds: subnets, controlPlaneSubnetIds: subnets };

/** What a key is when nothing is set. */
const defaults: Record<SettingsKey, unknown> = {
  platform: "eks-fargate",
  kubeContext: undefined,
  layout: "multi-az",
  vpcCidr: "10.0.0.0/16",
  subnetMask: 22,
  availabilityZoneCount: 3,
  availabilityZoneNames: undefined,
  vpcId: undefined,
  podSubnetIds: undefined,
  controlPlaneSubnetIds: undefined,
  natAddressesPerGateway: 1,
  natErrors: "invalid",
  kubernetesVersion: "1.36",
  coreDnsVersion: undefined,
  publicAccessCidrs: ["0.0.0.0/0"],
  clusterAdmins: undefined,
  deletionProtection: false,
  namespace: "locust",
  image: undefined,
  imageSource: "docker-hub",
  nodeSelector: {},
  tolerations: undefined,
  podLabels: {},
  podAnnotations: {},
  scriptDelivery: "configmap",
  scriptsFolder: "locust/scripts",
  script: "script1.py",
  scriptArguments: {},
  targetHost: undefined,
  allowedHosts: undefined,
  users: 100,
  spawnRate: 10,
  runTime: "1m",
  arrivalRate: undefined,
  arrivalSpacing: "even",
  thresholds: [],
  httpClient: "auto",
  autostart: false,
  workerReplicas: 2,
  workerCpu: 0.5,
  workerMemory: 768,
  controlCpu: 0.25,
  controlMemory: 256,
  environment: {},
  secretEnvironment: {},
  prometheusScrape: false,
  otelEndpoint: undefined,
  logRetentionDays: 30,
  observability: false,
  alarmEmails: undefined,
  alarmWebhooks: undefined,
  alarmSlack: undefined,
  idleAlarmHours: 4,
};

/** Values at the edge of what is right, with the other keys that they need. */
const atTheEdge: readonly (readonly [SettingsKey, unknown, Record<string, unknown>?])[] = [
  ["platform", "existing"],
  ["kubeContext", "kind-loadtest", { platform: "existing" }],
  ["layout", "single-az"],
  ["vpcCidr", "10.128.0.0/16"],
  ["vpcCidr", "172.31.0.0/16"],
  ["vpcCidr", "192.168.255.192/26", { subnetMask: 28, availabilityZoneCount: 2 }],
  ["vpcCidr", "10.0.0.0/28", existingVpc],
  ["subnetMask", 19],
  ["subnetMask", 28],
  ["subnetMask", 16, existingVpc],
  ["availabilityZoneCount", 2],
  ["availabilityZoneCount", 6],
  ["availabilityZoneNames", ["us-east-2a", "us-east-2b"]],
  ["availabilityZoneNames", ["a", "b", "c", "d", "e", "f"].map((zone) => `us-gov-east-1${zone}`)],
  ["vpcId", "vpc-01234567", existingVpc],
  ["podSubnetIds", ["subnet-01234567"], existingVpc],
  ["controlPlaneSubnetIds", subnets, existingVpc],
  ["kubernetesVersion", "1.34"],
  ["coreDnsVersion", "v1.12.4-eksbuild.1"],
  ["kubernetesVersion", "1.35"],
  ["publicAccessCidrs", ["203.0.113.7/32", "198.51.100.0/24"]],
  [
    "clusterAdmins",
    ["arn:aws:iam::123456789012:user/team/ann+b=c,d.e@f-g", "arn:aws-us-gov:iam::123456789012:role/admin"],
  ],
  ["deletionProtection", true],
  ["namespace", "a"],
  ["namespace", `a${"-".repeat(61)}9`],
  ["scriptDelivery", "image"],
  ["scriptDelivery", "image", { platform: "existing", image: "registry.example.com/locust:1" }],
  ["nodeSelector", { pool: "load" }, { platform: "existing" }],
  ["tolerations", [{ key: "load", operator: "Exists", effect: "NoSchedule" }], { platform: "existing" }],
  ["podLabels", { "example.com/team": "load" }],
  ["scriptsFolder", "/srv/scripts"],
  ["script", "a.py"],
  ["script", `${"a".repeat(250)}.py`],
  ["targetHost", "https://example.com:8443"],
  ["users", 1],
  ["spawnRate", 0.01],
  ["runTime", "1s"],
  ["httpClient", "requests"],
  ["httpClient", "fast"],
  ["autostart", true],
  ["workerReplicas", 0],
  ["workerReplicas", 1000],
  ...[0.25, 0.5, 1, 2, 4, 8, 16].map((cpu) => ["workerCpu", cpu] as const),
  ...[0.25, 0.5, 1, 2, 4, 8, 16].map((cpu) => ["controlCpu", cpu] as const),
  ["workerMemory", 128],
  ["workerMemory", 7936, { workerCpu: 1 }],
  ["workerMemory", 122624, { workerCpu: 16 }],
  ["workerCpu", 0.05, { platform: "existing" }],
  ["controlCpu", 3, { platform: "existing" }],
  ["workerMemory", 8000, { platform: "existing" }],
  ["controlMemory", 128],
  ["controlMemory", 1792],
  ["controlMemory", 3840, { controlCpu: 0.5 }],
  ["environment", { _a1: "", LOCUSTS: "x", LOCUST_TENANT: "y" }],
  ["secretEnvironment", { TOKEN: "x" }],
  ["scriptArguments", { tenant: "", "page-size": "5", user_id: "-1" }],
  ["logRetentionDays", 1],
  ["logRetentionDays", 3653],
  ["observability", true],
  ["alarmEmails", ["me+load@mail.example.com"], { observability: true }],
  ["alarmWebhooks", ["https://hooks.example.com:8443/a?b=c", "https://h"], { observability: true }],
  ["alarmSlack", "T07EA123LEP/C07EZ1ABC23", { observability: true }],
  ["idleAlarmHours", 1],
  ["idleAlarmHours", 168],
];

/** Values just past the edge. */
const pastTheEdge: readonly (readonly [SettingsKey, unknown, Record<string, unknown>?])[] = [
  ["vpcCidr", "10.0.0.0/15"],
  ["vpcCidr", "10.0.0.0/29"],
  ["vpcCidr", "192.168.0.0/26", { subnetMask: 28 }],
  ["subnetMask", 15],
  ["subnetMask", 18],
  ["subnetMask", 29],
  ["availabilityZoneCount", 1],
  ["availabilityZoneCount", 7],
  ["users", 0],
  ["users", 1.5],
  ["image", "two words"],
  ["nodeSelector", { pool: "load" }],
  ["tolerations", [{ operator: "Exists" }]],
  ["spawnRate", 0],
  ["spawnRate", -1],
  ["httpClient", "Fast"],
  ["workerReplicas", -1],
  ["workerReplicas", 1001],
  ["workerReplicas", 1.5],
  ["workerMemory", 127],
  ["workerMemory", 7937],
  ["workerMemory", 122625, { workerCpu: 16 }],
  ["controlMemory", 127],
  ["controlMemory", 1793],
  ["logRetentionDays", 0],
  ["logRetentionDays", 2],
  ["idleAlarmHours", 0],
  ["idleAlarmHours", 169],
  ["alarmSlack", "load-tests", { observability: true }],
  ["namespace", "a".repeat(64)],
  ["script", `${"a".repeat(251)}.py`],
];

describe("the schema", () => {
  it("has these keys and no other", () => {
    expect([...settingsKeys]).to.deep.equal(Object.keys(defaults));
  });

  for (const key of settingsKeys) {
    it(`has a default for ${key}, a description and words for what it takes`, () => {
      const about = describeSetting(key);
      expect(parseSettings({}, "test")[key]).to.deep.equal(defaults[key]);
      // What follows from another key has no default of its own.
      expect(about.default).to.deep.equal(key.endsWith("Memory") ? undefined : defaults[key]);
      expect(about.description).to.match(/^[A-Z][^\n]{10,118}\.$/);
      expect(about.allowed).to.match(/^[^\n]{5,}[^.]$/);
      expect(about.items !== undefined).to.equal(["list", "objects", "object"].includes(about.kind));
    });
  }

  for (const [key, value, others] of atTheEdge) {
    it(`takes ${key} ${JSON.stringify(value)}${others ? ` with ${Object.keys(others).join(", ")}` : ""}`, () => {
      const settings: Settings = parseSettings({ ...others, [key]: value }, "test");
      expect(settings[key]).to.deep.equal(value);
    });
  }

  for (const [key, value, others] of pastTheEdge) {
    it(`refuses ${key} ${JSON.stringify(value)}${others ? ` with ${Object.keys(others).join(", ")}` : ""}`, () => {
      expect(problemsOf({ ...others, [key]: value }).map((problem) => problem.key)).to.deep.equal([key]);
    });
  }

  it("names the part of a toleration that is wrong", () => {
    const tolerations = [{ key: "load", operator: "Exists" }, { key: "load", effect: "Never" }, { taint: "load" }];
    expect(problemsOf({ platform: "existing", tolerations }).map(({ key }) => key)).to.deep.equal([
      "tolerations[1].effect",
      "tolerations[2]",
    ]);
  });
});
