// What the application may use of the account.
export { AccountPage } from "./AccountPage";
