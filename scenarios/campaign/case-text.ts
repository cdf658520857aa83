/** Tells cases from scenarios without reading either. */

/** Whether a text is a case rather than a scenario. */
export const isCaseText = (text: string): boolean => /^case:/m.test(text);
