// The state of the live connection, as shown in the top bar. Written by startLive only.
import { create } from "zustand";

/**
 * - `live`: the websocket is open and the snapshot has been received
 * - `catchingUp`: connecting, or waiting for the snapshot
 * - `polling`: no websocket; the job list is polled while jobs are active
 * - `offline`: this device has no network
 * - `unreachable`: the server does not respond
 */
export type ConnectionState = "live" | "catchingUp" | "polling" | "offline" | "unreachable";

const initial = { connection: "catchingUp" as ConnectionState };

export const useConnection = create<{ connection: ConnectionState }>()(() => initial);

export const setConnection = (connection: ConnectionState): void => useConnection.setState({ connection });

export const resetConnection = (): void => useConnection.setState(initial);
