// A dense table that becomes a list of cards on narrow screens. Invariant: every cell is labelled by its column in both layouts.
import type { ReactNode } from "react";
import styles from "./Table.module.css";

export interface Column<Row> {
  key: string;
  name: string;
  /** Aligns the cells to their end. */
  numeric?: boolean;
  /** Contains buttons, so that no column name is shown. */
  actions?: boolean;
  /** Takes the most space; its text may wrap. */
  wide?: boolean;
  cell: (row: Row) => ReactNode;
}

interface Props<Row> {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  /** Text shown when there are no rows. */
  empty: string;
  testId?: string;
}

export function Table<Row>({ label, columns, rows, rowKey, empty, testId }: Props<Row>) {
  if (rows.length === 0) return <p className={styles.empty}>{empty}</p>;
  return (
    // On a phone the rows become blocks, which would remove the table semantics without explicit roles.
    <table role="table" className={styles.table} data-testid={testId}>
      <caption className="visually-hidden">{label}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(({ key, name, numeric, actions = false }) => (
            <th key={key} role="columnheader" scope="col" data-numeric={numeric}>
              {actions ? <span className="visually-hidden">{name}</span> : name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr key={rowKey(row)} role="row">
            {columns.map(({ key, name, numeric, wide, actions = false, cell }) => (
              <td key={key} role="cell" data-name={actions ? "" : name} data-numeric={numeric} data-wide={wide}>
                {cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
