/** Articles of the help pages, by the slug that their title gives. */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import slugs from './slug.cjs'

const { slugify } = slugs

interface Article {
  title: string
  text: string
}

const kernel = defineKernel({
  start(ctx: KernelContext<[string, Article][]>) {
    const articles = new Map(ctx.restored)

    function freeSlug(title: string): string {
      const slug = slugify(title)
      if (slug === '') throw new Error(`A title needs a letter or a digit. Got: ${title}`)
      let free = slug
      for (let count = 2; articles.has(free); count += 1) free = `${slug}-${count}`
      return free
    }
    return {
      api: {
        publish(title: string, text: string): string {
          const slug = freeSlug(title)
          articles.set(slug, { title, text })
          return slug
        },
        read: (slug: string): Article | null => articles.get(slug) ?? null,
        find(part: string): string[] {
          const wanted = slugify(part)
          return [...articles.keys()].filter((slug) => slug.includes(wanted))
        },
        slugs: () => [...articles.keys()].sort(),
      },
      snapshot: () => [...articles],
    }
  },
})
export default kernel
export type Articles = KernelApi<typeof kernel>
