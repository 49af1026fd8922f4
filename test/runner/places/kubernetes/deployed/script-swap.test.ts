import type { V1Deployment } from "@kubernetes/client-node";
import { expect } from "chai";
import fc from "fast-check";
import { UsageError } from "../../../../../runner/errors";
import { locustContainer } from "../../../../../runner/places/kubernetes/deployed/container";
import { readDeployed } from "../../../../../runner/places/kubernetes/deployed/deployed";
import {
  scriptBefore,
  withScript,
  withScriptBefore,
} from "../../../../../runner/places/kubernetes/deployed/script-swap";
import { settingsSchema } from "../../../../../settings/schema";
import { deployment } from "./deployments";
import { patched } from "./json-patch";

/** Ways to write the same argument. */
const forms = [
  { args: ["--master", "-f", "/p/loadtest_plugin.py,/s/a.py", "--users", "5"] },
  { args: ["-f/p/loadtest_plugin.py,/s/a.py"] },
  { args: ["--locustfile=/s/a.py, /p/loadtest_plugin.py"] },
  { command: ["locust", "-f", "/p/$$5/loadtest_plugin.py,$(FOLDER)/a.py"], env: [{ name: "FOLDER", value: "/s/$$x" }] },
  { env: [{ name: "LOCUST_LOCUSTFILE", value: "/p/loadtest_plugin.py,/s/a.py" }] },
];

const scriptName = fc
  .stringMatching(/^[-._A-Za-z0-9]{1,60}\.py$/)
  .filter((name) => settingsSchema.shape.script.safeParse(name).success);

const argumentName = fc.stringMatching(/^[A-Za-z0-9][-\w]*$/);

const run = (deployment: V1Deployment, script: string) => patched(deployment, withScript(deployment, { script }));
const running = (live: V1Deployment) => readDeployed(live, live);

describe("another script for a deployed test", () => {
  it("is run from the same folder, and everything is as before when it is taken back", () => {
    fc.assert(
      fc.property(fc.constantFrom(...forms), scriptName, fc.boolean(), (form, script, noted) => {
        const live = deployment("locust-control", form);
        if (noted && live.metadata) live.metadata.annotations = { other: "stays" };
        const { scriptPath } = locustContainer(live);
        const changed = run(live, script);
        expect(locustContainer(changed).scriptPath).to.equal(scriptPath.replace("a.py", script));
        const [restored, alsoRestored] = [patched(changed, withScriptBefore(changed)), run(changed, "a.py")];
        expect(restored.spec).to.deep.equal(live.spec);
        expect(alsoRestored).to.deep.equal(restored);
        expect(restored.metadata?.annotations ?? {}).to.deep.equal(noted ? { other: "stays" } : {});
      }),
    );
  });

  it("changes one text of the pods only, so that nothing else is rolled out", () => {
    const live = deployment("locust-control", forms[0] ?? {});
    expect(withScript(live, { script: "b.py" }).filter(({ op }) => op === "replace")).to.deep.equal([
      { op: "replace", path: "/spec/template/spec/containers/1/args/2", value: "/p/loadtest_plugin.py,/s/b.py" },
    ]);
  });

  it("is refused where somebody else has changed the argument meanwhile", () => {
    const live = deployment("locust-control", forms[0] ?? {});
    expect(() =>
      patched(deployment("locust-control", { args: ["--master", "-f", "x"] }), withScript(live, { script: "b.py" })),
    ).to.throw("Expected values to be strictly deep-equal");
  });

  it("remembers what was deployed over several changes", () => {
    const live = deployment("locust-control", forms[0] ?? {});
    const twice = run(run(live, "b.py"), "c.py");
    expect(running(twice)).to.include({ script: "c.py", scriptBefore: "a.py" });
    expect(patched(twice, withScriptBefore(twice)).spec).to.deep.equal(live.spec);
    expect(withScript(twice, { script: "c.py" }), "nothing to do").to.deep.equal([]);
  });

  it("needs no change where it runs already", () => {
    const live = deployment("locust-control", forms[0] ?? {});
    expect(withScript(live, { script: "a.py" })).to.deep.equal([]);
    expect(withScriptBefore(live)).to.deep.equal([]);
    expect(scriptBefore(live)).to.equal(undefined);
  });

  describe("with other arguments", () => {
    const live = (value: string, ...more: readonly string[]) =>
      deployment("locust-control", {
        args: ["-f", "/p/loadtest_plugin.py,/s/a.py", ...more],
        env: [{ name: "LOADTEST_SCRIPT_ARGUMENTS", value }],
      });
    const withArguments = (from: V1Deployment, script: string, scriptArguments: Record<string, string>) =>
      patched(from, withScript(from, { script, scriptArguments }));

    it("has them, and everything is as before, letter by letter, when it is taken back", () => {
      fc.assert(
        fc.property(fc.dictionary(argumentName, fc.string()), fc.constantFrom("a.py", "b.py"), (given, script) => {
          const before = live('{"tenant": "$$(x) $$$$"}');
          const changed = withArguments(before, script, given);
          expect(running(changed)).to.deep.include({ script, scriptArguments: given });
          expect(running(changed).argumentsBefore).to.deep.equal({ tenant: "$(x) $$" });
          const twice = withArguments(changed, "c.py", {});
          expect(patched(twice, withScriptBefore(twice)).spec).to.deep.equal(before.spec);
          const again = withArguments(twice, "a.py", { tenant: "$(x) $$" });
          expect(again.spec).to.deep.equal(before.spec);
          expect(again.metadata?.annotations ?? {}).to.deep.equal({});
        }),
      );
    });

    it("is not changed where it has them already", () => {
      const scriptArguments = { tenant: "a", size: "5" };
      expect(withScript(live('{"size":"5","tenant":"a"}'), { script: "a.py", scriptArguments })).to.deep.equal([]);
    });

    it("is forgotten once other arguments were deployed", () => {
      const changed = withArguments(live("{}"), "a.py", { tenant: "a" });
      const anew = live('{"tenant":"new"}');
      if (anew.metadata && changed.metadata?.annotations) anew.metadata.annotations = changed.metadata.annotations;
      expect(running(anew)).to.include({ scriptBefore: undefined, argumentsBefore: undefined });
      expect(running(patched(anew, withScriptBefore(anew))).scriptArguments).to.deep.equal({ tenant: "new" });
    });

    it("needs a place for them", () => {
      const old = deployment("locust-control", forms[0] ?? {});
      expect(() => withArguments(old, "a.py", { tenant: "a" })).to.throw("deployed by another version");
      expect(running(withArguments(old, "b.py", {})).script).to.equal("b.py");
    });
  });

  it("is forgotten once something else was deployed: that must not be undone", () => {
    const changed = run(deployment("locust-control", forms[0] ?? {}), "b.py");
    const anew = deployment("locust-control", { args: ["-f", "/p/loadtest_plugin.py,/s/new.py"] });
    if (anew.metadata && changed.metadata?.annotations) anew.metadata.annotations = changed.metadata.annotations;
    expect(running(anew)).to.include({ script: "new.py", scriptBefore: undefined });
    const cleaned = patched(anew, withScriptBefore(anew));
    expect(running(cleaned).script).to.equal("new.py");
    expect(cleaned.metadata?.annotations).to.deep.equal({});
    expect(scriptBefore(run(anew, "b.py"))).to.equal("new.py");
  });

  it("is deployed as it is where the note of the change is damaged", () => {
    for (const note of ["", "{", "[]", '{"script":1,"before":"x","now":"y"}']) {
      const live = deployment("locust-control", forms[0] ?? {});
      if (live.metadata) live.metadata.annotations = { "loadtest/script-before": note };
      expect(scriptBefore(live)).to.equal(undefined);
      expect(scriptBefore(run(live, "b.py"))).to.equal("a.py");
    }
  });

  it("must be the name of a script", () => {
    const live = deployment("locust-control", forms[0] ?? {});
    for (const name of ["", "../b.py", "b.txt", "b.py,c.py", "-b.py", "$(HOME).py"]) {
      expect(() => withScript(live, { script: name }), name).to.throw(UsageError, "is no script");
    }
  });
});
