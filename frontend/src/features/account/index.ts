// Public interface of the account feature.
export { AccountPage } from "./AccountPage";
