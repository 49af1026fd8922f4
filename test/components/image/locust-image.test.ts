import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { hashContext } from "../../../components/image/content-hash";
import type { LocustImageArgs } from "../../../components/image/locust-image";
import { isKnown, known, mockEngine, type Registered, refusedBy } from "../../support/mock-engine";

const componentType = "serverless-load-testing:index:LocustImage";
const repositoryType = "aws:ecr/repository:Repository";
const lifecycleType = "aws:ecr/lifecyclePolicy:LifecyclePolicy";
const imageType = "docker-build:index:Image";

const url = "123456789012.dkr.ecr.us-east-2.amazonaws.com/locust";
const digest = `sha256:${"0".repeat(64)}`;
const locust = join(__dirname, "..", "..", "..", "locust");

/** What the real providers would give back. */
function outputsOf({ type }: Registered): Record<string, unknown> {
  if (type === repositoryType) return { repositoryUrl: url, registryId: "123456789012" };
  return type === imageType ? { digest, ref: `${url}:tag@${digest}` } : {};
}

/** Makes an image named "load" as in an update, or as in a preview of one. */
async function make(args?: LocustImageArgs, preview = false) {
  const asked: pulumi.runtime.MockCallArgs[] = [];
  const engine = await mockEngine(preview ? () => ({}) : outputsOf, preview, (call) => {
    asked.push(call);
    return { userName: "AWS", password: "from-ecr" };
  });
  const { LocustImage } = await import("../../../components/image/locust-image.js");
  const image = new LocustImage("load", args);
  await known(image.urn);
  await pulumi.runtime.disconnect();
  return { image, engine, asked };
}

/** The lines of the message that some arguments end with, before anything is registered. */
async function refused(args: object): Promise<string[]> {
  const engine = await mockEngine(outputsOf);
  const { LocustImage } = await import("../../../components/image/locust-image.js");
  return (await refusedBy(engine, () => new LocustImage("load", args))).split("\n");
}

describe("LocustImage", function () {
  // The first test loads the SDKs.
  this.timeout(30_000);
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "loadtest-context-"));
    writeFileSync(join(folder, "Dockerfile"), "FROM scratch\n");
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("has a repository that scans, encrypts, keeps tags as they are and goes with its images", async () => {
    expect((await make()).engine.one(repositoryType).inputs).to.deep.equal({
      name: "load-test",
      tags: { "load-test:stack": "test" },
      imageTagMutability: "IMMUTABLE",
      imageScanningConfiguration: { scanOnPush: true },
      encryptionConfigurations: [{ encryptionType: "AES256" }],
      forceDelete: true,
    });
  });

  it("has a repository of the name and with the tags that it is given", async () => {
    const { inputs } = (await make({ repositoryName: "team/load", tags: { team: "load" } })).engine.one(repositoryType);
    expect(inputs.name).to.equal("team/load");
    expect(inputs.tags).to.deep.equal({ team: "load", "load-test:stack": "test" });
  });

  it("keeps the last 10 images", async () => {
    const { inputs } = (await make()).engine.one(lifecycleType);
    expect(inputs.repository).to.equal("load-test");
    const [rule, ...others] = JSON.parse(inputs.policy).rules;
    expect(others).to.deep.equal([]);
    expect(rule.action).to.deep.equal({ type: "expire" });
    expect(rule.selection).to.deep.equal({ tagStatus: "any", countType: "imageCountMoreThan", countNumber: 10 });
  });

  it("is built from the package's folder for Fargate, not in previews, and pushed under its content's hash", async () => {
    const { registries, tags, ...inputs } = (await make()).engine.one(imageType).inputs;
    expect(inputs).to.deep.include({
      context: { location: "locust" },
      platforms: ["linux/amd64"],
      push: true,
      buildOnPreview: false,
    });
    expect(inputs).to.not.have.any.keys("cacheFrom", "cacheTo", "load");
    expect(tags).to.deep.equal([`${url}:${hashContext(locust).slice(0, 20)}`]);
    expect(registries.value).to.have.lengthOf(1);
  });

  it("pushes with a login of its own registry, the password a secret", async () => {
    const { engine, asked } = await make();
    expect(asked.map(({ token, inputs }) => [token, inputs])).to.deep.equal([
      ["aws:ecr/getAuthorizationToken:getAuthorizationToken", { registryId: "123456789012" }],
    ]);
    const { registries } = engine.one(imageType).inputs;
    expect(registries, "as Pulumi writes a secret").to.have.property("4dabf18193072939515e22adb298388d");
    expect(registries.value).to.deep.equal([{ address: url, username: "AWS", password: "from-ecr" }]);
  });

  it("asks for the login with the provider that it is given", async () => {
    const asked: pulumi.runtime.MockCallArgs[] = [];
    const engine = await mockEngine(outputsOf, false, (call) => {
      asked.push(call);
      return { userName: "AWS", password: "from-ecr" };
    });
    const { Provider } = await import("@pulumi/aws/provider.js");
    const { LocustImage } = await import("../../../components/image/locust-image.js");
    const provider = new Provider("other", { region: "eu-west-1" });
    const image = new LocustImage("load", {}, { providers: [provider] });
    await known(image.urn);
    await pulumi.runtime.disconnect();
    const made = engine.registered.filter(({ type }) => type.startsWith("aws:"));
    expect([asked.length, made.length]).to.deep.equal([1, 2]);
    for (const { provider: used } of [...asked, ...made]) expect(used).to.include("pulumi:providers:aws::other::");
  });

  it("is built from another folder, named relative to the program's, so that the state fits every machine", async () => {
    const { context, tags } = (await make({ context: folder })).engine.one(imageType).inputs;
    expect(context.location).to.equal(relative(process.cwd(), folder));
    expect(tags).to.deep.equal([`${url}:${hashContext(folder).slice(0, 20)}`]);
    expect((await make({ context: "locust" })).engine.one(imageType).inputs.context.location).to.equal("locust");
  });

  it("gives out the repository with the digest, as the image's own ref has a tag in it", async () => {
    const { image } = await make();
    expect(await known(image.ref)).to.equal(`${url}@${digest}`);
    expect(await known(image.digest)).to.equal(digest);
    expect(await known(image.repositoryUrl)).to.equal(url);
  });

  for (const preview of [false, true]) {
    it(`registers its resources under itself, and its outputs, in ${preview ? "a preview" : "an update"}`, async () => {
      const { engine, image } = await make({}, preview);
      expect(engine.registered.map(({ type }) => type)).to.have.members([
        ...[componentType, repositoryType, lifecycleType, imageType],
      ]);
      const urns = [...engine.states.keys()].filter((urn) => !urn.includes("::pulumi:pulumi:Stack::"));
      for (const urn of urns) expect(urn).to.include(`::${componentType}`);
      const component = urns.find((urn) => urn.endsWith("::load")) ?? "";
      expect(engine.states.get(component)).to.include.keys("ref", "digest", "repositoryUrl");
      expect(await isKnown(image.ref)).to.equal(!preview);
    });
  }

  it("refuses wrong arguments with all that is wrong and what is allowed, before anything is registered", async () => {
    const [first, context, name] = await refused({ context: "no/such", repositoryName: "Locust" });
    expect(first).to.equal("2 settings are wrong (LocustImage load):");
    expect(context).to.match(/^ {2}context is ".*no\/such": must be a folder with a Dockerfile in it$/);
    expect(name).to.match(/^ {2}repositoryName is "Locust": must be 2 to 256 small letters/);
    for (const repositoryName of ["a", "a//b", "-a", "a..b", "a".repeat(257)]) {
      expect(await refused({ repositoryName })).to.have.lengthOf(2);
    }
  });

  it("brings Locust's own image into the repository, from a folder with nothing else", async () => {
    const { engine, image } = await make({ mirror: true });
    const context = engine.one(imageType).inputs.context.location;
    expect(join(process.cwd(), context)).to.equal(join(locust, "mirror"));
    expect(await known(image.ref)).to.equal(`${url}@${digest}`);
    expect(await refused({ mirror: true, context: folder })).to.deep.include(
      `  context is "${folder}": must be left out with mirror, which builds no folder`,
    );
  });
});
