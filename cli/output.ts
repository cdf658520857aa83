/** Writing to standard output. */

import { InputError } from "./services.ts";

/** Whether colours may be written to a stream: a terminal that can, unless the user said otherwise (no-color.org). */
export function isColoured(stream: NodeJS.WriteStream, environment = process.env): boolean {
  if (environment.NO_COLOR) return false;
  if (environment.FORCE_COLOR) return environment.FORCE_COLOR !== "0";
  return stream.isTTY === true && environment.TERM !== "dumb";
}

/** Writes text and waits until it is out, so that the end of the process cuts nothing off. */
export function print(text: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(text, () => resolve()));
}

/** A reader that has seen enough (`bokisim list | head -1`) is no error: the command ends without a word. */
export function tolerateClosedPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit();
      throw error;
    });
  }
}

/** Pictures are files: an `InputError` where none would be written. */
export function checkPictures({ png, json, out }: PictureChoice): void {
  if (png && json && out === undefined) {
    throw new InputError("--png writes files, and --json writes none: --out says where to");
  }
}

interface PictureChoice {
  readonly png?: true | undefined;
  readonly json?: true | undefined;
  readonly out?: string | undefined;
}
