/** Types of the one function of jstat that sim/statistics.ts uses. */
declare module "jstat" {
  const jstat: {
    jStat: {
      studentt: {
        /** The quantile of Student's t at a probability, for any positive degrees of freedom. */
        inv(probability: number, degreesOfFreedom: number): number;
      };
    };
  };
  export default jstat;
}
