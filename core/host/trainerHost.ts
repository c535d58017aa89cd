/** Entry file of the trainer host (native addon: training, merge, quantize). */
import { serveHost } from "./serveHost.ts";
import { trainerRouter } from "./trainerRouter.ts";

serveHost(trainerRouter());
