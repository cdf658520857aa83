/** Tells cases from scenarios without reading either. */

/** Whether a case is one of the function runtime. */
export const isRuntimeCaseText = (text: string): boolean =>
  /^case:[\s\S]*?\bsystem: *nightcore\b/m.test(text);

/** Whether a text is a case rather than a scenario. */
export const isCaseText = (text: string): boolean => /^case:/m.test(text);
