import type { Texts } from "../inputs";

/** Arguments of a LocustImage. */
export interface LocustImageArgs {
  /**
   * Folder with the Dockerfile and all that it copies; a relative path starts at the program's folder. Defaults to
   * this package's folder `locust`, with the scripts in it.
   */
  context?: string | undefined;
  /**
   * Name of the ECR repository, once in an account and region. Defaults to the component's name and the stack's, with a
   * dash between them, and a hash where ECR would not take that.
   */
  repositoryName?: string | undefined;
  /** Tags of the repository. Defaults to `load-test:stack` alone, which is the stack's name. */
  tags?: Texts | undefined;
}
