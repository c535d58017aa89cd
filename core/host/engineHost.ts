/** Entry file of the engine host (node-llama-cpp, society, evaluation). */
import { engineRouter } from "./engineRouter.ts";
import { serveHost } from "./serveHost.ts";

serveHost(engineRouter());
