/** What makes the requests of FastHttpUser and HttpUser: the plugin changes both with the versions that it knows only. */
export interface ClientVersions {
  /** FastHttpUser's: `patched` where the plugin makes it cheaper. */
  readonly client: "patched" | "original";
  readonly geventhttpclient: string;
  readonly gevent: string;
  /**
   * HttpUser's: `fast` where the plugin makes plain requests in its own way, `requests` where that library makes all.
   * Missing where no class is an HttpUser, and in older plugins.
   */
  readonly httpUser?: "fast" | "requests";
  /** Why it is `requests`, where nobody asked for that. */
  readonly httpUserCause?: string;
  /** Missing in older plugins. */
  readonly requests?: string;
  readonly urllib3?: string;
}

/** Requests of HttpUser in the latest test that `requests` made, where HttpUser is `fast` as such. */
export interface HttpFallback {
  /** What they have that the plugin's way has not, such as `stream=True`. */
  readonly reason: string;
  readonly count: number;
}
