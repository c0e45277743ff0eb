import type { Interaction } from '../security/policy.ts';
import { backgroundRoutes } from './background-routes.ts';
import type { Handler, Route } from './call.ts';
import { bundle } from './interaction/batch.ts';
import { capabilities } from './interaction/capabilities.ts';
import { searchCompartment } from './interaction/compartment.ts';
import { create } from './interaction/create.ts';
import { conditionalDelete, deleteById } from './interaction/delete.ts';
import { openApi, openApiPage } from './interaction/openapi.ts';
import { history } from './interaction/history.ts';
import { conditionalPatch, patch } from './interaction/patch.ts';
import { read, vread } from './interaction/read.ts';
import { searchSystem, searchType } from './interaction/search.ts';
import { subscriptionRoutes } from './subscription-routes.ts';
import { conditionalUpdate, update } from './interaction/update.ts';
import { lookup, subsumes, validateSystemCode } from './operation/code-system.ts';
import { crmRecord } from './operation/crm-record.ts';
import { everything } from './operation/everything.ts';
import { expand } from './operation/expand.ts';
import { graphql } from './operation/graphql.ts';
import { lastn } from './operation/lastn.ts';
import { meta, metaAdd, metaDelete } from './operation/meta.ts';
import { sources } from './operation/sources.ts';
import { timeline } from './operation/timeline.ts';
import { translate } from './operation/translate.ts';
import { validate } from './operation/validate.ts';
import { validateCode } from './operation/validate-code.ts';

/** By GET and POST, as operations that change nothing are. */
function reading(url: string, interaction: Interaction, handle: Handler): readonly Route[] {
  const row = { url, interaction, handle, reads: true };
  return [
    { method: 'GET', ...row },
    { method: 'POST', ...row },
  ];
}

function graphqlAt(url: string): readonly Route[] {
  const row = { url, interaction: 'graphql', handle: graphql, ownFormat: true } as const;
  return [
    { method: 'GET', ...row },
    { method: 'POST', ...row },
  ];
}

function terminology(url: string, handle: Handler): readonly Route[] {
  return reading(url, 'terminology', handle);
}

/**
 * Every address of the FHIR interface. Fastify, the entries of Bundles, the CapabilityStatement and the test
 * that walks them all read this table. Words with `$` and `_` are never taken for a type or an id.
 */
export const routes: readonly Route[] = [
  {
    method: 'GET',
    url: '/metadata',
    interaction: 'capabilities',
    handle: capabilities,
    open: true,
  },
  {
    method: 'GET',
    url: '/openapi.json',
    interaction: 'capabilities',
    handle: openApi,
    open: true,
  },
  {
    method: 'GET',
    url: '/openapi.html',
    interaction: 'capabilities',
    handle: openApiPage,
    open: true,
    ownFormat: true,
  },
  { method: 'GET', url: '/', interaction: 'search-system', handle: searchSystem, reads: true },
  {
    method: 'POST',
    url: '/_search',
    interaction: 'search-system',
    handle: searchSystem,
    reads: true,
  },
  { method: 'POST', url: '/', interaction: 'batch', handle: bundle },
  ...graphqlAt('/$graphql'),
  { method: 'GET', url: '/_history', interaction: 'history-system', handle: history, reads: true },

  ...backgroundRoutes,
  ...subscriptionRoutes,

  { method: 'GET', url: '/:type', interaction: 'search-type', handle: searchType, reads: true },
  {
    method: 'POST',
    url: '/:type/_search',
    interaction: 'search-type',
    handle: searchType,
    reads: true,
  },
  { method: 'POST', url: '/:type', interaction: 'create', handle: create },
  { method: 'PUT', url: '/:type', interaction: 'update', handle: conditionalUpdate },
  { method: 'PATCH', url: '/:type', interaction: 'patch', handle: conditionalPatch },
  { method: 'DELETE', url: '/:type', interaction: 'delete', handle: conditionalDelete },
  {
    method: 'GET',
    url: '/:type/_history',
    interaction: 'history-type',
    handle: history,
    reads: true,
  },
  { method: 'POST', url: '/:type/$validate', interaction: 'validate', handle: validate },

  { method: 'GET', url: '/:type/:id', interaction: 'read', handle: read, reads: true },
  { method: 'PUT', url: '/:type/:id', interaction: 'update', handle: update },
  { method: 'PATCH', url: '/:type/:id', interaction: 'patch', handle: patch },
  { method: 'DELETE', url: '/:type/:id', interaction: 'delete', handle: deleteById },
  {
    method: 'GET',
    url: '/:type/:id/_history',
    interaction: 'history-instance',
    handle: history,
    reads: true,
  },
  {
    method: 'GET',
    url: '/:type/:id/_history/:versionId',
    interaction: 'vread',
    handle: vread,
    reads: true,
  },
  ...graphqlAt('/:type/:id/$graphql'),
  { method: 'POST', url: '/:type/:id/$validate', interaction: 'validate', handle: validate },
  {
    method: 'GET',
    url: '/:type/:id/$validate',
    interaction: 'validate',
    handle: validate,
    reads: true,
  },
  {
    method: 'GET',
    url: '/:type/:id/:member',
    interaction: 'search-type',
    handle: searchCompartment,
    reads: true,
  },
  {
    method: 'POST',
    url: '/:type/:id/:member/_search',
    interaction: 'search-type',
    handle: searchCompartment,
    reads: true,
  },
  {
    method: 'POST',
    url: '/:type/:id/_search',
    interaction: 'search-type',
    handle: searchCompartment,
    reads: true,
  },

  ...reading('/Patient/$everything', 'everything', everything),
  ...reading('/Patient/:id/$everything', 'everything', everything),
  ...reading('/Encounter/:id/$everything', 'everything', everything),
  ...reading('/Observation/$lastn', 'search-type', lastn),
  ...reading('/$meta', 'search-system', meta),
  ...reading('/:type/$meta', 'search-type', meta),
  ...reading('/:type/:id/$meta', 'read', meta),
  { method: 'POST', url: '/:type/:id/$meta-add', interaction: 'meta', handle: metaAdd },
  { method: 'POST', url: '/:type/:id/$meta-delete', interaction: 'meta', handle: metaDelete },
  {
    method: 'GET',
    url: '/Patient/:id/$crm-record',
    interaction: 'record',
    handle: crmRecord,
    reads: true,
  },
  {
    method: 'GET',
    url: '/Patient/:id/$timeline',
    interaction: 'record',
    handle: timeline,
    reads: true,
  },
  {
    method: 'GET',
    url: '/Patient/:id/$sources',
    interaction: 'record',
    handle: sources,
    reads: true,
  },

  ...terminology('/CodeSystem/$lookup', lookup),
  ...terminology('/CodeSystem/$validate-code', validateSystemCode),
  ...terminology('/CodeSystem/:id/$validate-code', validateSystemCode),
  ...terminology('/CodeSystem/$subsumes', subsumes),
  ...terminology('/CodeSystem/:id/$subsumes', subsumes),
  ...terminology('/ValueSet/$expand', expand),
  ...terminology('/ValueSet/:id/$expand', expand),
  ...terminology('/ValueSet/$validate-code', validateCode),
  ...terminology('/ValueSet/:id/$validate-code', validateCode),
  ...terminology('/ConceptMap/$translate', translate),
  ...terminology('/ConceptMap/:id/$translate', translate),
];
