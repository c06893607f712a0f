// What the application may use of shared videos.
export { SharedPage } from "./SharedPage";
