/** `host:5000/shop:v1@sha256:…` → `host:5000/shop` */
export const repositoryOf = (image: string): string => image.replace(/@.*$/, '').replace(/:[^/:]*$/, '')
