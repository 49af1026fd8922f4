import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { type CostOptions, costCommand, reportOf } from "../../../runner/cli/commands/cost";
import { type CostReport, costText } from "../../../runner/cli/terminal/cost";
import { UsageError } from "../../../runner/errors";
import { columns } from "../../../runner/results/tables/text";
import { PricesError } from "../../../settings/cost/region-prices";
import { usEast2 } from "../../../settings/cost/us-east-2";
import { SettingsError } from "../../../settings/errors";
import { parseSettings } from "../../../settings/parse";
import { anyLoad, anySettings } from "../../settings/cost/any";
import { outputOf } from "../../support/output";
import { makeProject, removeProjects, temporaryFolder } from "../../support/project";
import { listed, ScriptedPricing } from "../aws/scripted-pricing";
import { caught } from "../places/kubernetes/api/fake-api";

describe("loadtest cost", () => {
  const [directory, before] = [process.cwd(), { ...process.env }];
  beforeEach(() => {
    const project = makeProject({}, ["users: 100", "runTime: 30m", "workerReplicas: 2"]);
    process.chdir(project.directory);
    process.env.LOADTEST_PRICES = join(project.directory, "mine", "prices.json");
    delete process.env.AWS_REGION;
    delete process.env.AWS_DEFAULT_REGION;
  });
  afterEach(() => {
    process.chdir(directory);
    for (const name of ["LOADTEST_PRICES", "AWS_REGION", "AWS_DEFAULT_REGION"]) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  });
  after(removeProjects);

  const here = { region: "us-east-2" };
  const text = async (options: CostOptions) => (await outputOf(() => costCommand(options))).stdout;
  const json = async (options: CostOptions) => JSON.parse(await text({ ...options, json: true })) as CostReport;
  const refused = (options: CostOptions) => caught(outputOf(() => costCommand(options)));

  it("prices the stack of the file, for its run time, users and workers", async () => {
    const { name, region, load, total, idle, running } = await json(here);
    expect({ name, region, load }).to.deep.equal({
      ...{ name: "Pulumi.dev.yaml", region: "us-east-2" },
      load: {
        ...{ users: 100, workers: 2, hours: 0.5, runsPerDay: 1 },
        ...{ requestsPerUserMinute: 30, kbPerUserMinute: 15, sentShare: 0.5 },
      },
    });
    expect(total.run).to.be.closeTo(idle.total.run + running.total.run, 1e-9);
    expect(idle.total.hour).to.be.closeTo(0.347, 0.0001);
  });

  it("has --workers beyond the stack's for the time of a run only", async () => {
    const [few, many] = [
      await json(here),
      await json({ ...here, workers: "8", users: "800", hours: 2, runsPerDay: 3 }),
    ];
    expect(many.idle.total.hour).to.equal(few.idle.total.hour);
    expect(many.running.items[0]).to.include({ what: "workers for the run", quantity: 6 });
    expect(many.load).to.include({ users: 800, workers: 8, hours: 2, runsPerDay: 3 });
  });

  it("counts data by requests, unless it is told", async () => {
    expect((await json({ ...here, requestsPerUserMinute: 10 })).load.kbPerUserMinute).to.equal(5);
    expect((await json({ ...here, kbPerUserMinute: 0 })).running.items.map(({ what }) => what)).to.deep.equal([
      "workers' reports between zones",
    ]);
  });

  it("has both layouts beside each other, what is cheaper, what is taken for granted, and the prices' source", async () => {
    const shown = await text(here);
    expect(shown).to.match(/^Pulumi\.dev\.yaml in us-east-2, 1 run a day of 30 min, 100 users, 2 workers\n/);
    expect(shown).to.match(/\nall of it, multi-az .*\nthe same, single-az /);
    expect(shown).to.include("\nCheaper by, USD a day (some of these save the same)\n");
    expect(shown).to.match(/\n {2}\d\.\d\d {2}layout: single-az/);
    expect(shown).to.include("\nTaken for granted\n- On demand, without taxes");
    expect(shown).to.match(/\nPrices of us-east-2, 2026-11: AWS's price pages/);
  });

  it("knows the guidance's scenarios, and what to change in them", async () => {
    const guidance = await json({ scenario: "guidance" });
    expect(guidance).to.include({ name: "scenario guidance", region: "us-east-2" });
    expect(guidance.load).to.include({ users: 1_000_000, workers: 500, hours: 24, kbPerUserMinute: 1 });
    expect((await json({ scenario: "guidance-50kb" })).load.kbPerUserMinute).to.equal(50);
    const smaller = await json({ scenario: "guidance", users: "1000", workers: "10", kbPerUserMinute: 7 });
    expect(smaller.load).to.include({ users: 1000, workers: 10, kbPerUserMinute: 7 });
    expect(smaller.idle.items.find(({ what }) => what.startsWith("Locust worker"))?.quantity).to.equal(10);
    expect((await refused({ scenario: "guidance", users: "none" })).message).to.include('users is "none"');
  });

  it("says that connections of many users need more NAT addresses", async () => {
    expect(await text({ ...here, users: "165000" })).to.not.include("NAT addresses for a target");
    expect((await text({ ...here, users: "165001" })).replaceAll(/\n {2}/g, " ")).to.include(
      "! 165,001 users who each keep a connection need 4 NAT addresses for a target with one address (55,000 each), and there are 3: natAddressesPerGateway.",
    );
  });

  describe("finds the Region", () => {
    const inFile = (lines: string, file = "Pulumi.dev.yaml") =>
      writeFileSync(file, `${readFileSync(file, "utf8").trimEnd()}\n${lines}\n`);
    const priced = async (options: CostOptions = {}) => (await refused(options)).message.match(/prices of (\S+),/)?.[1];

    it("where --region says, before the stack's file, before the environment", async () => {
      process.env.AWS_DEFAULT_REGION = "sa-east-1";
      expect(await priced()).to.equal("sa-east-1");
      process.env.AWS_REGION = "eu-west-3";
      expect(await priced()).to.equal("eu-west-3");
      inFile("  aws:region: eu-west-1");
      expect(await priced()).to.equal("eu-west-1");
      expect(await priced({ region: "eu-west-2" })).to.equal("eu-west-2");
    });

    it("in the project's file, where no stack has another", async () => {
      const project = readFileSync("Pulumi.yaml", "utf8").replace(/^config:\n/m, "config:\n  aws:region: eu-north-1\n");
      expect(project).to.include("eu-north-1");
      writeFileSync("Pulumi.yaml", project);
      expect(await priced()).to.equal("eu-north-1");
    });

    it("or says how to give it, and refuses what is none", async () => {
      expect((await refused({})).message).to.equal(
        "nothing says in which Region: aws:region in the stack's file, AWS_REGION, or --region us-east-2",
      );
      for (const region of ["ohio", "us-east-2a", "", "US-EAST-2"]) {
        expect((await refused({ region })).message).to.equal(
          `${JSON.stringify(region)} is no Region of AWS: us-east-2, eu-west-1, ap-southeast-2`,
        );
      }
    });
  });

  it("never takes another Region's prices", async () => {
    const error = await refused({ region: "eu-west-1" });
    expect(error).to.be.instanceOf(PricesError);
    expect(error.message).to.include("loadtest cost --refresh --region eu-west-1");
  });

  it("gets a Region's prices with --refresh, and has them from then on", async () => {
    const aws = await ScriptedPricing.start();
    try {
      aws.products = listed("eu-west-1", "EU-");
      const { prices, idle } = await json({ region: "eu-west-1", refresh: true });
      expect(prices.source).to.equal("AWS Price List API (pricing:GetProducts), on demand");
      expect(prices.date).to.match(/^\d{4}-\d{2}-\d{2}$/);
      expect(idle.items[0]).to.include({ what: "EKS control plane", each: 0.11 });
      const asked = aws.asked.length;
      expect((await json({ region: "eu-west-1" })).idle.items[0]).to.include({ each: 0.11 });
      expect(aws.asked, "nothing more is asked").to.have.length(asked);
      expect((await json(here)).idle.items[0]).to.include({ each: 0.1 });
      aws.refusal = { __type: "ThrottlingException", message: "Rate exceeded" };
      expect((await refused({ region: "eu-west-1", refresh: true })).message).to.include("Rate exceeded");
      expect((await json({ region: "eu-west-1" })).prices.source, "the former stay").to.equal(prices.source);
    } finally {
      await aws.close();
    }
  });

  it("names all wrong settings at once, and does not price a cluster that exists", async () => {
    const error = await refused({ ...here, users: "many", workers: "2000" });
    expect(error).to.be.instanceOf(SettingsError);
    expect(error.message).to.match(
      /^2 settings are wrong .*\n {2}users is "many", from the command line: .*\n {2}workerReplicas is "2000"/,
    );
    writeFileSync("Pulumi.dev.yaml", "config:\n  platform: existing\n");
    expect(await refused(here))
      .to.be.instanceOf(UsageError)
      .with.property("message")
      .that.matches(/^Pulumi\.dev\.yaml has platform existing: /);
  });

  it("refuses more runs than fit into a day", async () => {
    expect((await refused({ ...here, hours: 5, runsPerDay: 5 })).message).to.equal(
      "5 runs of 5 hours do not fit into a day: --runs-per-day, --hours",
    );
  });

  it("says that another program's project has no network of this one's", async () => {
    mkdirSync("other");
    process.chdir("other");
    writeFileSync("Pulumi.yaml", "name: shop\nruntime: nodejs\n");
    const { assumptions } = await json(here);
    expect(assumptions[0]).to.match(/^The project is another program's: /);
  });

  it("says that there is no project, and needs none for a scenario", async () => {
    process.chdir(temporaryFolder());
    expect((await refused(here)).message).to.include("there is no Pulumi.yaml in this folder or above it");
    expect((await json({ ...here, scenario: "guidance" })).assumptions).to.not.deep.equal([]);
  });

  it("fits its terminal, whatever the numbers are", () => {
    fc.assert(
      fc.property(anySettings, anyLoad, fc.integer({ min: 80, max: 200 }), (settings, load, room) => {
        const report = reportOf({ name: "Pulumi.a-stack-with-a-long-name.yaml", settings, load, notes: [] }, usEast2);
        const shown = costText(report, { room, colour: false });
        for (const line of shown.split("\n")) expect(columns(line), line).to.be.at.most(room);
        expect(shown).to.not.match(/NaN|undefined|Infinity|\d{7}/);
      }),
    );
  });

  it("has a dash for what is divided by no request, and colours on a terminal only", () => {
    const load = {
      ...{ users: 0, workers: 0, hours: 1, runsPerDay: 1 },
      ...{ requestsPerUserMinute: 30, kbPerUserMinute: 1, sentShare: 0.5 },
    };
    const report = reportOf({ name: "x", settings: parseSettings({}, "test"), load, notes: [] }, usEast2);
    const shown = costText(report, { room: 80, colour: false });
    expect(shown).to.match(/\nall of it, multi-az .* –\n/);
    expect(shown).to.include("A run needs at least one worker");
    expect(shown).to.not.include("\u001b[");
    expect(costText(report, { room: 80, colour: true })).to.include("\u001b[1m");
  });
});
