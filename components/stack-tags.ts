/** Tags that tell what one stack has made from what another has, also inside of other packages' components. */
import * as pulumi from "@pulumi/pulumi";
import { stackTag } from "../settings/deployed/stack-tag";
import type { Texts } from "./inputs";

/** The tags that somebody wants, and the stack's. */
export function withStackTag(tags: Texts = {}): pulumi.Output<Record<string, string>> {
  return pulumi.output(tags).apply((wanted): Record<string, string> => ({ ...wanted, [stackTag]: pulumi.getStack() }));
}

/** The tag `Name` of what is called `COMPONENT-rest`: `COMPONENT-STACK-rest`. */
export function nameTag(component: string, resource: string): string {
  return `${component}-${pulumi.getStack()}${resource.slice(component.length)}`;
}

/** Kinds inside of awsx's and eks's components that can have tags; these do not give them to all. */
const taggable = new Set([
  ...["Vpc", "Subnet", "InternetGateway", "RouteTable"].map((kind) => typeOf("ec2", kind)),
  ...["Cluster", "AccessEntry"].map((kind) => typeOf("eks", kind)),
  ...["Role", "OpenIdConnectProvider"].map((kind) => typeOf("iam", kind)),
]);

/** What a component of another package has inside, which its outputs tell only in part. */
export interface Inside {
  /** To be an option of that component. */
  readonly transform: pulumi.ResourceTransform;
  /** All of its parts, when they are made: Pulumi takes a dependency on such a component for one on nothing inside. */
  readonly partsOf: (component: pulumi.ComponentResource) => pulumi.Output<pulumi.Resource[]>;
}

/**
 * Changes what a component of another package makes: all that can have tags gets them, a tag `Name` gets the stack's
 * name, and nothing that starts in a public subnet gets a public address.
 *
 * @param component name of our component, with which the names of all parts begin
 */
export function insideOf(component: string, tags: Texts | undefined): Inside {
  const parts = new Map<string, pulumi.Output<pulumi.URN>>();
  const transform: pulumi.ResourceTransform = ({ custom, type, name, props, opts }) => {
    if (custom) parts.set(`${type} ${name}`, pulumi.createUrn(name, type, opts.parent));
    if (!taggable.has(type)) return undefined;
    const all = pulumi.all([props.tags, withStackTag(tags)]).apply(([own = {}, ours]) => ({
      ...own,
      ...("Name" in own ? { Name: nameTag(component, name) } : {}),
      ...ours,
    }));
    const closed = type === typeOf("ec2", "Subnet") ? { mapPublicIpOnLaunch: false } : {};
    // Without options: those that are given back here lose some of what Pulumi knows.
    return { props: { ...props, ...closed, tags: all }, opts: undefined as never };
  };
  return {
    transform,
    partsOf: ({ urn: made }) =>
      made
        .apply(() => pulumi.all([...parts.values()]))
        .apply((urns) => urns.map((urn) => new pulumi.DependencyResource(urn))),
  };
}

/** `aws:ec2/routeTable:RouteTable` */
function typeOf(module: string, kind: string): string {
  return `aws:${module}/${kind.charAt(0).toLowerCase()}${kind.slice(1)}:${kind}`;
}
