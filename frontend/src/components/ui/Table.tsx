// A dense table that becomes a list of cards where it is narrow. Invariant: every cell is named by its column, in both shapes.
import type { ReactNode } from "react";
import styles from "./Table.module.css";

export interface Column<Row> {
  key: string;
  name: string;
  /** Numbers stand at the end of their cell. */
  numeric?: boolean;
  /** Holds buttons, which say what they do. */
  actions?: boolean;
  /** Long text that may give way. */
  wide?: boolean;
  cell: (row: Row) => ReactNode;
}

interface Props<Row> {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  /** Said where there is no row. */
  empty: string;
  testId?: string;
}

export function Table<Row>({ label, columns, rows, rowKey, empty, testId }: Props<Row>) {
  if (rows.length === 0) return <p className={styles.empty}>{empty}</p>;
  return (
    // On a phone the rows are blocks: without the roles they would be no table any more.
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
