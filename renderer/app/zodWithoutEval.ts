/** Must be the first import of an entry: Zod tries `new Function` while schemas are made, which the page's policy refuses and reports. */
import { config } from "zod";

config({ jitless: true });
