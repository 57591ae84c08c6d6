// The storms against Medusa's promotion module, run by node in a throwaway folder that has it:
// `node medusa.mjs URL CALLERS ATTEMPTS`. The module is loaded as its own documentation loads a module by itself
// (MedusaApp), against a real PostgreSQL; what is called is what its workflows call when an order is placed or cancelled
// (registerUsage, revertUsage). It imports nothing of the product.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(pathToFileURL(process.cwd() + "/"));
const { MedusaApp, MedusaAppMigrateUp } = require("@medusajs/modules-sdk");
const [url, callers, attempts] = [process.argv[2], +process.argv[3], +process.argv[4]];
const CAP = 100;
const nobody = { customer_id: null, customer_email: null };

const options = {
  modulesConfig: {
    promotion: { resolve: require.resolve("@medusajs/promotion"), options: { database: { clientUrl: url } } },
  },
  sharedResourcesConfig: { database: { clientUrl: url, driverOptions: { pool: { max: 50 } } } },
  cwd: process.cwd(),
};

async function together(count, act) {
  let next = 0;
  const results = [];
  const one = async () => {
    while (next < count) {
      const number = next++;
      results[number] = await act(number).then(() => true, (error) => String(error.message ?? error));
    }
  };
  await Promise.all(Array.from({ length: callers }, one));
  return results;
}

async function promotion(service, code, type, limit) {
  await service.createCampaigns([
    { name: code, campaign_identifier: code, budget: { type, limit, ...(type === "spend" ? { currency_code: "eur" } : {}) } },
  ]);
  const [campaign] = await service.listCampaigns({ campaign_identifier: code }, { relations: ["budget"] });
  await service.createPromotions([
    {
      code, type: "standard", status: "active", campaign_id: campaign.id,
      application_method: { type: "fixed", target_type: "order", value: 5, currency_code: "eur", allocation: undefined },
    },
  ]);
  return async () => {
    const [found] = await service.listCampaigns({ campaign_identifier: code }, { relations: ["budget"] });
    return Number(found.budget.used);
  };
}

function reasons(results) {
  const counted = {};
  for (const one of results) if (one !== true) counted[one] = (counted[one] ?? 0) + 1;
  return counted;
}

async function main() {
  await MedusaAppMigrateUp(options);
  const app = await MedusaApp(options);
  await app.onApplicationStart?.();
  const service = app.modules.promotion;
  const used = await promotion(service, "CAPPED", "usage", CAP);
  let began = performance.now();
  const asked = await together(attempts, () => service.registerUsage([{ code: "CAPPED", amount: 1 }], nobody));
  const capped = {
    attempts, granted: asked.filter((one) => one === true).length, counted: await used(),
    seconds: (performance.now() - began) / 1000, refused: reasons(asked),
  };
  const spent = await promotion(service, "SPEND", "spend", 1_000_000);
  const reverts = Math.floor(attempts / 10), registers = attempts - reverts;
  await service.registerUsage([{ code: "SPEND", amount: reverts * 5 }], nobody);
  began = performance.now();
  const raced = await together(attempts, (number) =>
    number % 10 === 9
      ? service.revertUsage([{ code: "SPEND", amount: 5 }], nobody)
      : service.registerUsage([{ code: "SPEND", amount: 5 }], nobody));
  const undone = raced.filter((one, n) => one === true && n % 10 === 9).length;
  const done = raced.filter((one, n) => one === true && n % 10 !== 9).length;
  const reversals = {
    registers: done, reverts: undone, expected: (reverts + done - undone) * 5, counted: await spent(),
    seconds: (performance.now() - began) / 1000, refused: reasons(raced), of: { registers, reverts },
  };
  const thrice = await promotion(service, "THRICE", "usage", CAP);
  for (let n = 0; n < 3; n++) await service.registerUsage([{ code: "THRICE", amount: 1 }], nobody);
  const version = "Medusa promotion module " + require("@medusajs/promotion/package.json").version;
  console.log("RESULT " + JSON.stringify({ version, capped, reversals, same_order_three_times: await thrice() }));
  process.exit(0);
}

main().catch((error) => { console.error(error); process.exit(1); });
