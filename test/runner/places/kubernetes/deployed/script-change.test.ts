import type { V1Deployment } from "@kubernetes/client-node";
import { expect } from "chai";
import fc from "fast-check";
import { RunnerError, UsageError } from "../../../../../runner/errors";
import { descriptionOf, readDeployed } from "../../../../../runner/places/kubernetes/deployed/deployed";
import { withScript, withScriptBefore } from "../../../../../runner/places/kubernetes/deployed/script-change";
import { testAnnotation } from "../../../../../settings/deployed/deployed-test";
import { settingsSchema } from "../../../../../settings/schema";
import { type Described, deployment } from "./deployments";
import { patched } from "./json-patch";

/** Ways to write the same: also by hand, with spaces and escapes of Kubernetes. */
const forms: Described[] = [
  {},
  { variable: '{ "script": "a.py" }' },
  { variable: '{"arguments":{},"script":"a.py"}', users: 5, targetHost: "http://$(TARGET)/$$x" },
];

const scriptName = fc
  .stringMatching(/^[-._A-Za-z0-9]{1,60}\.py$/)
  .filter((name) => settingsSchema.shape.script.safeParse(name).success);

const argumentName = fc.stringMatching(/^[A-Za-z0-9][-\w]*$/);

const live = (change: Described = {}) => deployment("locust-control", change);
const run = (from: V1Deployment, script: string, scriptArguments: Record<string, string> = {}) =>
  patched(from, withScript(from, { script, scriptArguments }));
const running = (one: V1Deployment) => readDeployed(one, one);
const annotations = (one: V1Deployment) => one.metadata?.annotations ?? {};

/** What the pods get, as Locust reads it. */
function variableOf(one: V1Deployment): unknown {
  const text = one.spec?.template.spec?.containers[1]?.env?.find(({ name }) => name === "LOADTEST_SCRIPT")?.value ?? "";
  expect(text, "nothing that Kubernetes would replace").to.not.match(/\$[($]/);
  return JSON.parse(text);
}

describe("another script for a deployed test", () => {
  it("is run, and everything is as before when it is taken back", () => {
    fc.assert(
      fc.property(fc.constantFrom(...forms), scriptName, (form, script) => {
        const before = live(form);
        const changed = run(before, script);
        expect(running(changed)).to.include({ script, workerScript: script });
        if (script !== "a.py") expect(variableOf(changed)).to.deep.equal({ script, arguments: {} });
        const [restored, alsoRestored] = [patched(changed, withScriptBefore(changed)), run(changed, "a.py")];
        expect(restored).to.deep.equal(before);
        expect(alsoRestored).to.deep.equal(restored);
      }),
    );
  });

  it("changes one text of the pods only, so that nothing else is rolled out", () => {
    const patch = withScript(live(), { script: "b.py", scriptArguments: {} });
    expect(patch.filter(({ op, path }) => op === "replace" && path.startsWith("/spec"))).to.deep.equal([
      {
        op: "replace",
        path: "/spec/template/spec/containers/1/env/1/value",
        value: '{"script":"b.py","arguments":{}}',
      },
    ]);
    expect(
      patch.filter(({ op, path }) => op === "replace" && !path.startsWith("/spec")).map(({ path }) => path),
    ).to.deep.equal(["/metadata/annotations/serverless-load-testing~1test"]);
  });

  it("is refused where somebody else has made a change meanwhile", () => {
    const patch = withScript(live(), { script: "b.py", scriptArguments: {} });
    expect(() => patched(live({ users: 7 }), patch)).to.throw("Expected values to be strictly deep-equal");
    expect(() => patched(live({ variable: "x" }), patch)).to.throw("Expected values to be strictly deep-equal");
  });

  it("remembers what was deployed over several changes", () => {
    const twice = run(run(live(), "b.py"), "c.py");
    expect(running(twice)).to.include({ script: "c.py" }).and.to.have.nested.property("before.script", "a.py");
    expect(patched(twice, withScriptBefore(twice))).to.deep.equal(live());
    expect(withScript(twice, { script: "c.py", scriptArguments: {} }), "nothing to do").to.deep.equal([]);
  });

  it("needs no change where it runs already", () => {
    expect(withScript(live(), { script: "a.py", scriptArguments: {} })).to.deep.equal([]);
    expect(withScriptBefore(live())).to.deep.equal([]);
    expect(running(live()).before).to.equal(undefined);
  });

  describe("with other arguments", () => {
    const deployed = {
      scriptArguments: { tenant: "$(x) $$" },
      variable: '{"script": "a.py", "arguments": {"tenant": "\\u0024(x) \\u0024\\u0024"}}',
    };

    it("has them, and everything is as before, letter by letter, when it is taken back", () => {
      fc.assert(
        fc.property(fc.dictionary(argumentName, fc.string()), fc.constantFrom("a.py", "b.py"), (given, script) => {
          const before = live(deployed);
          const changed = run(before, script, given);
          expect(running(changed)).to.deep.include({ script, scriptArguments: given });
          expect(variableOf(changed)).to.deep.equal({ script, arguments: given });
          expect(running(changed).before).to.deep.include({ scriptArguments: { tenant: "$(x) $$" } });
          const twice = run(changed, "c.py");
          expect(patched(twice, withScriptBefore(twice)).spec).to.deep.equal(before.spec);
          const again = run(twice, "a.py", { tenant: "$(x) $$" });
          expect(again).to.deep.equal(before);
        }),
      );
    });

    it("is not changed where it has them already, in whatever order", () => {
      const one = live({ scriptArguments: { size: "5", tenant: "a" } });
      expect(withScript(one, { script: "a.py", scriptArguments: { tenant: "a", size: "5" } })).to.deep.equal([]);
    });

    it("needs a place for them, and for a script", () => {
      const without = live();
      const [, container] = without.spec?.template.spec?.containers ?? [];
      if (container !== undefined) container.env = [];
      for (const wanted of [
        { script: "a.py", scriptArguments: { tenant: "a" } },
        { script: "b.py", scriptArguments: {} },
      ]) {
        expect(() => withScript(without, wanted)).to.throw(
          RunnerError,
          "Deployment locust-control in namespace load runs one script only: its container locust has no variable LOADTEST_SCRIPT",
        );
      }
      expect(withScript(without, { script: "a.py", scriptArguments: {} })).to.deep.equal([]);
    });
  });

  it("may be the same with another client of HttpUser, and all is as before when it is taken back", () => {
    const script = { script: "a.py", scriptArguments: {} };
    for (const httpClient of [undefined, "auto", "fast"] as const) {
      const before = live({ httpClient });
      const changed = patched(before, withScript(before, { ...script, httpClient: "requests" }));
      expect(running(changed)).to.include({ script: "a.py", httpClient: "requests" });
      expect(variableOf(changed)).to.deep.equal({ script: "a.py", arguments: {}, httpClient: "requests" });
      expect(patched(changed, withScriptBefore(changed))).to.deep.equal(before);
      expect(withScript(before, { ...script, httpClient: httpClient ?? "auto" }), "the same").to.deep.equal([]);
    }
  });

  it("is forgotten once something else was deployed: that must not be undone", () => {
    const changed = run(live(), "b.py");
    expect(descriptionOf(changed).before?.script).to.equal("a.py");
    // Whoever deploys brings the whole annotation.
    const anew = { ...changed, ...live({ script: "new.py", scriptArguments: { tenant: "new" } }) };
    expect(running(anew)).to.include({ script: "new.py", before: undefined });
    expect(withScriptBefore(anew)).to.deep.equal([]);
    expect(running(anew).scriptArguments).to.deep.equal({ tenant: "new" });
    expect(running(run(anew, "b.py")).before?.script).to.equal("new.py");
  });

  it("is deployed as it is where what was deployed before cannot be read", () => {
    for (const before of ["", {}, [], { script: 1, variable: "x" }]) {
      const one = live();
      const test = { ...JSON.parse(annotations(one)[testAnnotation] ?? ""), before };
      if (one.metadata) one.metadata.annotations = { [testAnnotation]: JSON.stringify(test) };
      expect(running(one).before).to.equal(undefined);
      expect(running(run(one, "b.py")).before?.script).to.equal("a.py");
    }
  });

  it("must be the name of a script", () => {
    for (const name of ["", "../b.py", "b.txt", "b.py,c.py", "-b.py", "$(HOME).py"]) {
      expect(() => withScript(live(), { script: name, scriptArguments: {} }), name).to.throw(
        UsageError,
        "is no script",
      );
    }
  });
});
