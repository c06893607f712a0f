// Public interface of the administration feature.
export { AdminPage } from "./AdminPage";
export { UpstreamAlerts } from "./UpstreamAlerts";
