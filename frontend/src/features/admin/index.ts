// Public interface of the administration feature.
export { AdminPage } from "./AdminPage";
