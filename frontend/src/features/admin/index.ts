// What the application may use of administration.
export { AdminPage } from "./AdminPage";
