// What the application may use of signing in.
export { AuthPage } from "./AuthPage";
export type { Mode } from "./validateCredentials";
