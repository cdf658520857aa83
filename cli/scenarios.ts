/** The services of the command line as the room of the scenarios offers them; loaded when asked for, so that help is fast. */

import { InputError, type Services } from "./services.ts";

export const scenarioServices: Services = {
  async load(text, file, options) {
    const [{ loadAny }, { ScenarioError }] = await Promise.all([
      import("../scenarios/load.ts"),
      import("../scenarios/problems.ts"),
    ]);
    try {
      const scenario = loadAny(text, file, options);
      return {
        name: scenario.name,
        hasHistory: scenario.system === "boki",
        run: async (runOptions) => {
          const { runScenario } = await import("../scenarios/run.ts");
          return runScenario(scenario, runOptions);
        },
      };
    } catch (error) {
      if (error instanceof ScenarioError) throw new InputError(error.message, error.problems);
      throw error;
    }
  },

  async catalogue() {
    const { catalogue } = await import("../scenarios/catalogue.ts");
    return catalogue();
  },

  async schema(kind) {
    if (kind !== "scenario" && kind !== "application") {
      const { resultSchema } = await import("../reports/result-schemas.ts");
      return resultSchema(kind);
    }
    const { applicationJsonSchema, scenarioJsonSchema } = await import("../scenarios/json-schema.ts");
    return kind === "scenario" ? scenarioJsonSchema() : applicationJsonSchema();
  },
};
