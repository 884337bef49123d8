/** The Go types behind `secret inspect` and `secret ls` of Podman 5.4; see container.ts. */
import { map, pointer, STRING, struct, TIME } from '../types.ts';

export const SECRET = pointer(
  struct('types.SecretInfoReport', {
    ID: STRING,
    CreatedAt: TIME,
    UpdatedAt: TIME,
    Spec: struct('types.SecretSpec', {
      Name: STRING,
      Driver: struct('types.SecretDriverSpec', { Name: STRING, Options: map(STRING) }),
      Labels: map(STRING),
    }),
    SecretData: STRING,
  }),
);

export const SECRET_ROW = pointer(
  struct('types.SecretListReport', {
    ID: STRING,
    Name: STRING,
    Driver: STRING,
    CreatedAt: STRING,
    UpdatedAt: STRING,
  }),
);
