// What the application may use of the screen.
export { VideoDetail } from "./VideoDetail";
