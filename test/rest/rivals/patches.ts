export const added = (path: string, value: unknown) => [{ op: 'add', path, value }];
export const phone = added('/telecom/-', { system: 'phone', value: '1' });
export const born = {
  resourceType: 'Parameters',
  parameter: [
    {
      name: 'operation',
      part: [
        { name: 'type', valueCode: 'add' },
        { name: 'path', valueString: 'Patient' },
        { name: 'name', valueString: 'birthDate' },
        { name: 'value', valueDate: '1980-01-01' },
      ],
    },
  ],
};
export const asPatch = { 'content-type': 'application/json-patch+json' };
