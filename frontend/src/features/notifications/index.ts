// Public interface of the notifications feature.
export { JobNotifications } from "./JobNotifications";
export { DisabledWebhooks } from "./DisabledWebhooks";
