import { expect } from "chai";
import { parseLayers, parseSettings } from "../../settings/parse";
import type { Rule } from "../../settings/rules";
import { problemsOf, settingsErrorOf } from "./problems";

describe("parseSettings", () => {
  it("names every wrong key at once, and where they are from", () => {
    const error = settingsErrorOf(() =>
      parseSettings(
        {
          platfrom: "existing",
          users: 0,
          thresholds: ["p95<500", "q<1", "r<1"],
          kubeContext: "kind",
          workerMemory: 9000,
        },
        "Pulumi.dev.yaml",
      ),
    );
    expect(error.source).to.equal("Pulumi.dev.yaml");
    expect(error.problems.map(({ key }) => key)).to.deep.equal([
      ...["platfrom", "users", "thresholds[1]", "thresholds[2]", "kubeContext", "workerMemory"],
    ]);
    const lines = error.message.split("\n");
    expect(lines[0]).to.equal("6 settings are wrong (Pulumi.dev.yaml):");
    expect(lines[1]).to.equal("  platfrom is not a setting (did you mean platform?)");
    expect(lines[2]).to.equal("  users is 0: must be an integer above 0");
    expect(lines).to.have.lengthOf(7);
  });

  it("says what is missing, and one setting in the singular", () => {
    const { message } = settingsErrorOf(() =>
      parseSettings({ vpcId: "vpc-01234567", podSubnetIds: ["subnet-01234567"] }, "x"),
    );
    expect(message).to.equal(
      "1 setting is wrong (x):\n  controlPlaneSubnetIds is missing: must be given, as vpcId and podSubnetIds are",
    );
  });

  it("cuts a long value short", () => {
    const { message } = settingsErrorOf(() => parseSettings({ users: "x".repeat(1000) }, "x"));
    expect(message.length).to.be.below(250);
    expect(message).to.include("xxx…: must be an integer above 0");
  });

  describe("keys that do not exist", () => {
    const near: readonly (readonly [string, string | undefined])[] = [
      ["user", "users"],
      ["worker-replicas", "workerReplicas"],
      ["WORKER_REPLICAS", "workerReplicas"],
      ["runtime", "runTime"],
      ["treshold", "thresholds"],
      ["region", undefined],
      ["constructor", undefined],
      ["a.b", undefined],
    ];
    for (const [key, name] of near) {
      it(`${name === undefined ? "has no name near" : `takes ${name} for what was meant by`} ${key}`, () => {
        const [problem, ...others] = problemsOf({ [key]: "hush" });
        expect(others).to.deep.equal([]);
        expect(problem).to.include({ key, unknown: true, value: undefined });
        expect(problem?.near).to.equal(name);
      });
    }

    it("does not show their values, as they may be secrets", () => {
      const { message } = settingsErrorOf(() => parseSettings({ apiToken: "hush" }, "x"));
      expect(message).to.equal("1 setting is wrong (x):\n  apiToken is not a setting");
    });
  });

  it("takes the memory that comes with the CPU where none is given, or an empty text", () => {
    const sizes = { workerCpu: 2, workerMemory: "", controlCpu: "0.5" };
    expect(parseSettings(sizes, "x")).to.include({ workerMemory: 3840, controlMemory: 768 });
    expect(parseSettings({ ...sizes, workerMemory: 300 }, "x")).to.include({ workerMemory: 300 });
    expect(parseSettings({ platform: "existing", workerCpu: 0.1 }, "x")).to.include({ workerMemory: 256 });
    expect(problemsOf({ workerCpu: 3 }).map(({ key }) => key)).to.deep.equal(["workerCpu"]);
    expect(problemsOf({ workerCpu: "much" }).map(({ key }) => key)).to.deep.equal(["workerCpu"]);
    expect(problemsOf({ workerMemory: 1 }).map(({ key }) => key)).to.deep.equal(["workerMemory"]);
  });

  describe("texts, as Pulumi writes them", () => {
    it("become what their key asks for", () => {
      const settings = parseSettings(
        {
          workerReplicas: "8",
          users: "1e3",
          spawnRate: "2.5",
          workerCpu: "0.5",
          logRetentionDays: "7",
          autostart: "true",
          deletionProtection: "false",
          thresholds: '["p95<500"]',
          environment: '{"A": "x", "B": 1.5, "C": true}',
        },
        "test",
      );
      expect(settings).to.deep.include({
        workerReplicas: 8,
        users: 1000,
        spawnRate: 2.5,
        workerCpu: 0.5,
        logRetentionDays: 7,
        autostart: true,
        deletionProtection: false,
        thresholds: [{ text: "p95<500", metric: "p95", operator: "<", limit: 500 }],
        environment: { A: "x", B: "1.5", C: "true" },
      });
    });

    it("stay texts where the key is one, and numbers become them", () => {
      const settings = parseSettings(
        { script: "8.py", namespace: "8", kubernetesVersion: 1.36, runTime: 90, scriptsFolder: "true" },
        "test",
      );
      expect(settings).to.include({
        script: "8.py",
        namespace: "8",
        kubernetesVersion: "1.36",
        runTime: "90",
        scriptsFolder: "true",
      });
    });

    it("are left out where they are empty and the key may be left out", () => {
      const empty = { kubeContext: "", targetHost: "", vpcId: "", podSubnetIds: [], clusterAdmins: "[]" };
      expect(parseSettings(empty, "test")).to.deep.equal(parseSettings({}, "test"));
      expect(problemsOf({ script: "", users: "" }).map(({ key }) => key)).to.deep.equal(["script", "users"]);
    });

    for (const text of ["", " ", "8 ", "0x8", "eight", "1e", ".", "NaN", "Infinity"]) {
      it(`are no number where they read ${JSON.stringify(text)}`, () => {
        expect(problemsOf({ workerReplicas: text })).to.have.lengthOf(1);
      });
    }
  });

  describe("secrets", () => {
    const hush = "hunter2";
    const raws: readonly unknown[] = [
      hush,
      JSON.stringify([hush]),
      [hush],
      { LOCUST_HOST: hush },
      { "1A": hush, B: { C: hush } },
      JSON.stringify({ LOADTEST_A: hush, A: [hush] }),
    ];
    for (const secretEnvironment of raws) {
      it(`are not shown for ${JSON.stringify(secretEnvironment).replaceAll(hush, "…")}`, () => {
        const error = settingsErrorOf(() => parseSettings({ secretEnvironment }, "test"));
        expect(error.message).to.not.include(hush);
        expect(JSON.stringify(error.problems)).to.not.include(hush);
        expect(error.message).to.include('"[secret]"');
      });
    }
  });
});

describe("parseLayers", () => {
  it("takes a key that one rule refuses for wrong in the rules after it", () => {
    const seen: unknown[] = [];
    const refuse: Rule = ({ valid }) => [{ key: "thresholds[0]", value: valid.users, allowed: "other" }];
    const look: Rule = ({ valid, wrong }) => {
      seen.push("thresholds" in valid, wrong.has("thresholds"), valid.users);
      return [];
    };
    const layers = [{ source: "a", values: { users: 3, thresholds: ["p95<500"] } }];
    const { problems } = settingsErrorOf(() => parseLayers(layers, "b", [], [look, refuse, look]));
    expect(seen).to.deep.equal([true, false, 3, false, true, 3]);
    expect(problems).to.deep.equal([{ key: "thresholds[0]", value: 3, allowed: "other", source: "a" }]);
  });

  it("lets the last layer win, value by value", () => {
    const layers = [
      { source: "a", values: { users: 1, environment: { A: "1" }, script: "a.py" } },
      { source: "b", values: { users: "two", environment: { B: "2" } } },
      { source: "c", values: { users: 3, script: undefined } },
    ];
    expect(parseLayers(layers, "b")).to.deep.include({ users: 3, environment: { B: "2" }, script: "a.py" });
  });

  it("names each layer beside what is wrong in it", () => {
    const layers = [
      { source: "Pulumi.yaml", values: { spawnRate: 0 } },
      { source: "Pulumi.dev.yaml", values: { users: 0, thresholds: ["x"] } },
      { source: "the command line", values: { script: "a", wokers: 1 } },
    ];
    const error = settingsErrorOf(() => parseLayers(layers, "Pulumi.dev.yaml"));
    expect(error.problems.map(({ key, source }) => [key, source])).to.deep.equal([
      ["wokers", "the command line"],
      ["script", "the command line"],
      ["users", undefined],
      ["spawnRate", "Pulumi.yaml"],
      ["thresholds[0]", undefined],
    ]);
    expect(error.message).to.include('script is "a", from the command line: must be a file name');
  });
});
