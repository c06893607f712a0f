// What the application may use of the signals that jobs have ended.
export { JobNotifications } from "./JobNotifications";
