/** What the exit status of the command means; scripts rely on it. */

export const EXIT_HELD = 0;
/** An expectation of the scenario or an invariant of the model failed. */
export const EXIT_FAILED = 1;
/** The command line or a scenario file was wrong. */
export const EXIT_INPUT_WRONG = 2;
/** `bokisim check` reached its limit before it had a verdict. */
export const EXIT_UNDECIDED = 3;
/** A defect of bokisim itself (EX_SOFTWARE of sysexits.h). */
export const EXIT_BUG = 70;
/** Ctrl-C, as shells report it: 128 + SIGINT. */
export const EXIT_INTERRUPTED = 130;

export const EXIT_CODES_HELP = `
Exit status:
  0    everything expected held
  1    an expectation or an invariant failed
  2    the command line or the scenario was wrong
  70   a defect of bokisim
  130  interrupted`;
