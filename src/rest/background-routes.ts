import { asyncResult } from './async/async-request.ts';
import { cancelWork, statusOfWork } from './background/status.ts';
import type { Route } from './call.ts';
import { exportGroup, exportPatients, exportSystem } from './export/export-request.ts';
import { exportFile, exportManifest } from './export/export-result.ts';
import { importData } from './import/import-request.ts';
import { importFile, importManifest } from './import/import-result.ts';

const exporting = { interaction: 'export', background: true } as const;
const asking = { interaction: 'async-status', ownFormat: true, background: true } as const;

/** The addresses of work that outlasts its request; see background/. */
export const backgroundRoutes: readonly Route[] = [
  { method: 'GET', url: '/$export', ...exporting, ownFormat: true, handle: exportSystem },
  { method: 'POST', url: '/$export', ...exporting, ownFormat: true, handle: exportSystem },
  { method: 'GET', url: '/Patient/$export', ...exporting, ownFormat: true, handle: exportPatients },
  {
    method: 'POST',
    url: '/Patient/$export',
    ...exporting,
    ownFormat: true,
    handle: exportPatients,
  },
  { method: 'GET', url: '/Group/:id/$export', ...exporting, ownFormat: true, handle: exportGroup },
  { method: 'POST', url: '/Group/:id/$export', ...exporting, ownFormat: true, handle: exportGroup },
  {
    method: 'GET',
    url: '/$export-status/:id',
    ...asking,
    handle: statusOfWork('export', exportManifest),
  },
  { method: 'DELETE', url: '/$export-status/:id', ...asking, handle: cancelWork('export') },
  { method: 'GET', url: '/$export-file/:id/:file', ...asking, handle: exportFile },

  {
    method: 'POST',
    url: '/$import',
    interaction: 'import',
    background: true,
    ownFormat: true,
    handle: importData,
  },
  {
    method: 'GET',
    url: '/$import-status/:id',
    ...asking,
    handle: statusOfWork('import', importManifest),
  },
  { method: 'DELETE', url: '/$import-status/:id', ...asking, handle: cancelWork('import') },
  { method: 'GET', url: '/$import-file/:id/:file', ...asking, handle: importFile },

  {
    method: 'GET',
    url: '/$async-status/:id',
    ...asking,
    handle: statusOfWork('async', asyncResult),
  },
  { method: 'DELETE', url: '/$async-status/:id', ...asking, handle: cancelWork('async') },
];
