import { relative } from "node:path";
import { getAuthorizationTokenOutput } from "@pulumi/aws/ecr/getAuthorizationToken";
import { LifecyclePolicy } from "@pulumi/aws/ecr/lifecyclePolicy";
import { Repository } from "@pulumi/aws/ecr/repository";
import { Image } from "@pulumi/docker-build/image";
import { Platform } from "@pulumi/docker-build/types/enums";
import * as pulumi from "@pulumi/pulumi";
import { asRunError } from "../../settings/pulumi-config";
import { withStackTag } from "../stack-tags";
import { type LocustImageArgs, readImageArgs } from "./check";
import { hashContext } from "./content-hash";

/** Images that the repository keeps: the newest, and some to go back to. */
const keptImages = 10;

const keepLast = JSON.stringify({
  rules: [
    {
      rulePriority: 1,
      description: `Keep the last ${keptImages} images`,
      selection: { tagStatus: "any", countType: "imageCountMoreThan", countNumber: keptImages },
      action: { type: "expire" },
    },
  ],
});

export type { LocustImageArgs } from "./check";

/**
 * Locust, its scripts and their packages as a container image in a new ECR repository of its own; or, with `mirror`,
 * Locust's own image as it is.
 *
 * The repository scans images when they are pushed, encrypts them, keeps the last 10, and is deleted with them. Tags
 * are immutable, and each is the hash of what the image was built from, so a changed script makes a new tag; pods
 * should use `ref`, which has the digest.
 *
 * `pulumi up` needs Docker or another BuildKit builder where it runs, whenever the folder has changed; `pulumi preview`
 * and `pulumi destroy` do not. The builder is `@pulumi/docker-build`, not `@pulumi/docker`: it speaks to BuildKit by
 * itself and tells the digest of what it pushed, and its makers recommend it for all building of images.
 *
 * Refresh with `pulumi refresh --run-program`: without it the login in the state is used, which is good for 12 hours,
 * and the provider may take the image for lost. Should ECR say that a tag exists already, then that has happened, or
 * an `up` was cut off after its push: delete the tag in ECR and run `pulumi up` again.
 *
 * Costs nothing by the hour: $0.10 for each GB and month that is kept, about a cent or two for an image. Fargate pulls
 * the image anew for each pod, through the NAT gateway where there is one.
 *
 * @example
 * const image = new LocustImage("locust", { context: "./my-tests" });
 * export const pinned = image.ref;
 *
 * @example
 * const mirror = new LocustImage("locust", { mirror: true });
 * new LocustDeployment("shop", { cluster, imageMirror: mirror.ref, workerReplicas: 500 });
 */
export class LocustImage extends pulumi.ComponentResource {
  /** What pods should use: the repository and the digest. */
  public readonly ref: pulumi.Output<string>;
  /** Digest of the image: `sha256:…`. */
  public readonly digest: pulumi.Output<string>;
  /** Address of the repository, without a tag. */
  public readonly repositoryUrl: pulumi.Output<string>;

  constructor(name: string, args: LocustImageArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    // Before anything is registered.
    const { context, repositoryName } = asRunError(() => readImageArgs(name, pulumi.getStack(), args));
    super("serverless-load-testing:index:LocustImage", name, args, opts);

    const repository = new Repository(
      `${name}-repository`,
      {
        name: repositoryName,
        imageTagMutability: "IMMUTABLE",
        imageScanningConfiguration: { scanOnPush: true },
        encryptionConfigurations: [{ encryptionType: "AES256" }],
        // Else destroy stops at a repository that is not empty.
        forceDelete: true,
        tags: withStackTag(args.tags),
      },
      { parent: this },
    );
    new LifecyclePolicy(`${name}-lifecycle`, { repository: repository.name, policy: keepLast }, { parent: this });

    const login = getAuthorizationTokenOutput({ registryId: repository.registryId }, { parent: this });
    const image = new Image(
      `${name}-image`,
      {
        // Relative: the state would differ from machine to machine otherwise, and each would build and push anew.
        context: { location: portablePath(context) },
        // Fargate for EKS runs no other.
        platforms: [Platform.Linux_amd64],
        push: true,
        buildOnPreview: false,
        tags: [pulumi.interpolate`${repository.repositoryUrl}:${hashContext(context).slice(0, 20)}`],
        // No cacheTo: a cache has a tag that moves, and tags are immutable here.
        registries: [
          {
            address: repository.repositoryUrl,
            username: login.userName,
            password: pulumi.secret(login.password),
          },
        ],
      },
      // Two resources can stand for one digest, when the provider is replaced: the old one must not take the image along.
      // The repository does, in the end.
      { parent: this, retainOnDelete: true },
    );

    this.digest = image.digest;
    this.repositoryUrl = repository.repositoryUrl;
    // Not the image's own ref: that is repository:tag@digest, and it may be one of the earlier tags.
    this.ref = pulumi.interpolate`${repository.repositoryUrl}@${image.digest}`;
    this.registerOutputs({ ref: this.ref, digest: this.digest, repositoryUrl: this.repositoryUrl });
  }
}

/** A path from where the program and the builder run, written alike on every system. */
function portablePath(path: string): string {
  return (relative(process.cwd(), path) || ".").replaceAll("\\", "/");
}
