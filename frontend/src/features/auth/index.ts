// Public interface of the sign-in feature.
export { AuthPage } from "./AuthPage";
export type { Mode } from "./validateCredentials";
