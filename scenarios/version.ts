/** The version that results carry: digests are comparable within one. */
import manifest from "../package.json" with { type: "json" };

export const BOKISIM_VERSION: string = manifest.version;
