// What the application may use of the screen.
export { Screen } from "./Screen";
