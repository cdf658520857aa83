/** Types of the one algorithm of seedrandom that sim/random.ts uses; @types/seedrandom declares the default only. */
declare module "seedrandom/lib/alea.js" {
  interface AleaState {
    c: number;
    s0: number;
    s1: number;
    s2: number;
  }

  interface Alea {
    /** A multiple of 2^-32 in [0, 1). */
    (): number;
    /** A multiple of 2^-53 in [0, 1), from two draws. */
    double(): number;
    /** A signed 32-bit integer. */
    int32(): number;
    state(): AleaState;
  }

  /** `state: true` makes the state readable, a state makes the generator continue there. */
  export default function alea(seed: string, options: { state: true | AleaState }): Alea;
}
