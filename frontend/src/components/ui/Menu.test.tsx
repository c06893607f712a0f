// Tests the dropdown menu by keyboard.
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import { appWrapper } from "@/lib/testing";
import { Menu, MenuAction, MenuChoice } from "./Menu";

afterEach(cleanup);

const onSelect = vi.fn<(value: unknown) => void>();
const button = () => screen.getByRole("button", { name: "Length" });
const item = (name: string) => screen.getByRole("menuitemradio", { name });

function open() {
  onSelect.mockReset();
  render(
    <Menu label="Length" trigger="10 s" placement="above">
      <MenuChoice selected={false} onSelect={() => onSelect(5)}>
        5 s
      </MenuChoice>
      <MenuChoice selected keepOpen onSelect={() => onSelect(10)}>
        10 s
      </MenuChoice>
      <MenuAction onSelect={() => onSelect("other")}>Other</MenuAction>
    </Menu>,
    { wrapper: appWrapper() },
  );
  button().focus();
  fireEvent.keyDown(button(), { key: "Enter" });
}

const press = (key: string) => fireEvent.keyDown(document.activeElement ?? document.body, { key });

it("opens with the focus on the selected option", async () => {
  open();
  await waitFor(() => expect(document.activeElement).toBe(item("10 s")));
  expect(button().getAttribute("aria-expanded")).toBe("true");
  expect(screen.getByRole("menu", { name: "Length" })).toBeTruthy();
});

it("moves through all items, and around the end", async () => {
  open();
  await waitFor(() => expect(document.activeElement).toBe(item("10 s")));
  press("End");
  await waitFor(() => expect(document.activeElement).toBe(screen.getByRole("menuitem", { name: "Other" })));
  press("ArrowDown");
  await waitFor(() => expect(document.activeElement).toBe(item("5 s")));
});

it.each(["Escape", "Tab"])("closes on %s, and returns the focus", async (key) => {
  open();
  await waitFor(() => expect(document.activeElement).toBe(item("10 s")));
  press(key);
  expect(screen.queryByRole("menu")).toBeNull();
  await waitFor(() => expect(document.activeElement).toBe(button()));
  expect(onSelect).not.toHaveBeenCalled();
});

it("closes on a selection, unless the option keeps it open", () => {
  open();
  fireEvent.click(item("10 s"));
  expect(onSelect).toHaveBeenLastCalledWith(10);
  expect(screen.queryByRole("menu")).not.toBeNull();
  fireEvent.click(item("5 s"));
  expect(onSelect).toHaveBeenLastCalledWith(5);
  expect(screen.queryByRole("menu")).toBeNull();
});
